"""What tables show: text as it stands, numbers whole."""

import re
from importlib import resources

import pytest

PRK = "prk-july-2021"


def test_a_title_is_shown_as_it_stands(leakflow, tmp_path, recwarn):
    """Neither markup nor control characters nor formulas of a title mean anything."""
    case = (resources.files("leakflow.cases") / "choked-blowdown.toml").read_text(encoding="utf-8")
    title = r'title = "A [red]tank[/red] [mmHg] :smile: $\\frac{$ \u001b[31m \u0007 \U0001F600"'
    (tmp_path / "odd.toml").write_text(
        re.sub("^title = .*$", lambda _: title, case, flags=re.MULTILINE), "utf-8"
    )
    shown = r"A [red]tank[/red] [mmHg] :smile: $\frac{$ [31m"
    code, out, err = leakflow("run", "odd.toml", "--plot", "odd.png", "-q")
    assert (code, err) == (0, "")
    assert list(recwarn) == []
    assert (tmp_path / "odd.png").stat().st_size > 10_000
    code, out, _ = leakflow("sweep", "odd.toml", "-n", 3, "-o", "[bold]x.nc")
    assert code == 0
    assert shown in out
    assert "file: [bold]x.nc" in out
    assert not set(out) & {"\x1b", "\x07"}


def test_the_unit_of_the_record_is_shown(leakflow):
    _, out, _ = leakflow("sweep", PRK, "-n", 5, "-o", "x.nc")
    assert "Measured record [mmHg]" in out


@pytest.mark.parametrize("columns", ["20", "40", "79"])
def test_a_narrow_terminal_cuts_no_number(leakflow, monkeypatch, columns):
    leakflow("sweep", PRK, "-n", 20, "-o", "x.nc", "-q")
    monkeypatch.setenv("COLUMNS", "200")
    _, wide, _ = leakflow("info", "x.nc")
    monkeypatch.setenv("COLUMNS", columns)
    _, narrow, _ = leakflow("info", "x.nc")
    assert "…" not in narrow
    assert wide.split() == narrow.split()
