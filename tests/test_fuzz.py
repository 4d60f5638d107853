"""A short run of `benchmarks.fuzz`: damaged files and cases are read, or refused in one line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz

resource = pytest.importorskip("resource", reason="a child's memory is bounded on POSIX only")

SHORT = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EDIT = st.tuples(st.integers(0, 2**40), st.sampled_from(fuzz.ACTIONS), st.binary(min_size=1, max_size=8))
EDITS = st.lists(EDIT, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def reader() -> Iterator[fuzz.Reader]:
    child = fuzz.Reader()
    yield child
    child.close()


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return fuzz.results_bases(tmp_path_factory.mktemp("bases"))


def is_harmless(reader: fuzz.Reader, kind: str, path: Path) -> None:
    answer = reader.answer(kind, path)
    assert fuzz.fault(kind, answer, path) == ""


@SHORT
@given(which=st.integers(0, 3), edits=EDITS)
def test_a_damaged_results_file(
    which: int, edits: list[tuple[int, str, bytes]], reader: fuzz.Reader, bases: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "damaged.nc"
    path.write_bytes(fuzz.damage(bases[which], edits))
    is_harmless(reader, "results", path)


@SHORT
@given(seed=st.integers(0, 2**32))
def test_a_damaged_case(seed: int, reader: fuzz.Reader, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "damaged.toml"
    path.write_bytes(fuzz.damaged_case(rng.choice(fuzz.case_bases()), rng))
    is_harmless(reader, "case", path)


@SHORT
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))
)
def test_bytes_that_are_no_case(content: bytes, reader: fuzz.Reader, tmp_path: Path) -> None:
    path = tmp_path / "random.toml"
    path.write_bytes(content)
    assert reader.answer("case", path).outcome == "refused"


def test_the_reader_notices_what_it_looks_for(
    reader: fuzz.Reader, bases: list[bytes], tmp_path: Path
) -> None:
    """Each base is read as it stands; a fault is told as one."""
    for base in bases:
        (tmp_path / "base.nc").write_bytes(base)
        assert reader.answer("results", tmp_path / "base.nc").outcome == "ok"
    assert reader.answer("results", tmp_path / "none.nc").outcome == "refused"
    assert reader.answer("nonsense", tmp_path / "base.nc").outcome == "escaped"
    hung = fuzz.Answer("hung", "", 5.0)
    assert fuzz.fault("case", hung, tmp_path / "x.toml")
    assert fuzz.fault("results", hung, tmp_path / "base.nc").endswith("lets it pass")
    assert fuzz.fault("results", hung, tmp_path / "none.nc") == ""
    assert (
        fuzz.fault("results", fuzz.Answer("escaped", "KeyError: 1", 0.1), tmp_path) == "escaped: KeyError: 1"
    )


@pytest.mark.parametrize("work", ["hang", "crash", "eat"])
def test_a_reader_that_dies_is_started_again(work: str, bases: list[bytes], tmp_path: Path) -> None:
    reader = fuzz.Reader(seconds=1.0)
    outcome = reader.answer(work, tmp_path).outcome
    assert outcome == {"hang": "hung", "crash": "crashed", "eat": "escaped"}[work]
    (tmp_path / "base.nc").write_bytes(bases[1])
    assert reader.answer("results", tmp_path / "base.nc").outcome == "ok"
    reader.close()
