from __future__ import annotations

import ast
import json
import math
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import numba
import numpy as np
import pytest
from plans import CRACK, Case, cracks, outside, tank
from plans import run as run_plan

import leakflow.kernels
from leakflow.kernels import gas, jit, laws, network, random

KERNELS = Path(leakflow.kernels.__file__).parent
TESTS = Path(__file__).parent
SOURCES = sorted(KERNELS.rglob("*.py"))
# for names, for callers that hold no arrays, and for working memory; nothing compiled calls them
PLAIN_PYTHON = {
    "as_mole_fractions", "offsets", "new_sample", "new_work", "new_track", "sizes", "run_samples",
    "_new_memory", "new_lanes", "goes_in_lanes", "kernel_of",
}  # fmt: skip
# what makes compiled code, and what hands it arrays
HOSTS = {"jit.py", "whole.py", "lowering.py", "remembered.py", "pack.py"}

CALL_A_LAW = """
import json
import numpy as np
from {package} import gas, laws
flows = np.zeros(1)
columns = np.array([[293.0], [1e5], [0.0], [1e-5], [-1.0]])
laws.orifice_flows(gas.as_mole_fractions({{"N2": 1.0}}), columns, flows)
stats = laws.orifice_flows.stats
hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
print(json.dumps({{"flow": flows[0], "hits": hits, "misses": misses, "path": stats.cache_path}}))
"""
CALL_A_SMALL_LAW = """
import json
import numpy as np
{before}
from {package} import laws
flows = np.zeros(1)
laws.seal_flows(np.array([[3.0], [1.0], [1.0], [0.5]]), flows)
stats = laws.seal_flows.stats
print(json.dumps({{"flow": flows[0], "hits": sum(stats.cache_hits.values())}}))
"""


def run_python(code, folder, **environment):
    """JSON that a fresh process prints, run in a folder."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    settings |= {"PYTHONPATH": os.pathsep.join([str(folder), str(TESTS)])} | environment
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) | {"stderr": done.stderr}


def copy_kernels(folder, name="kernels_copy"):
    shutil.copytree(KERNELS, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / name


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new))


def cache_files(folder):
    return sorted(path.name for path in folder.rglob("*.nb[ic]"))


# Edits


class Story:
    """A copy of the kernels, called, called again, edited and called again."""

    def __init__(self, folder):
        self.tree = copy_kernels(folder)
        self.caller = (self.tree / "laws.py").read_bytes()
        code = CALL_A_LAW.format(package=self.tree.name)
        self.cold = run_python(code, folder)
        self.cold_files = cache_files(self.tree)
        self.warm = run_python(code, folder)
        self.warm_files = cache_files(self.tree)
        self._spoil_indices()
        edit(self.tree / "orifice.py", "0.8414 + r", "0.4207 + r")
        self.edited = run_python(code, folder)
        self.edited_files = cache_files(self.tree)
        edit(self.tree / "orifice.py", '"""Compressible', '"""\nCompressible')  # functions move by a line
        edit(self.tree / "gas.py", "UNIVERSAL_GAS_CONSTANT = 8.31", "UNIVERSAL_GAS_CONSTANT = 4.0 * 8.31")
        self.moved = run_python(code, folder)
        self.moved_files = cache_files(self.tree)

    def _spoil_indices(self):
        """Let every index name a type that has gone, as if it had been renamed."""
        spoilt = pickle.dumps(numba.__version__) + b"cnowhere_to_be_found\nVanished\n."
        for path in list(self.tree.rglob("*.nbi")):
            path.write_bytes(spoilt)
            numbas_own_name = path.name.rsplit(".", 2)[0] + ".nbi"
            path.with_name(numbas_own_name).write_bytes(spoilt)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return Story(tmp_path_factory.mktemp("story"))


def test_a_cold_call_compiles_and_agrees_with_the_kernels(story):
    assert (story.cold["hits"], story.cold["misses"]) == (0, 1)
    flows = np.zeros(1)
    laws.orifice_flows(
        gas.as_mole_fractions({"N2": 1.0}), np.array([[293.0], [1e5], [0.0], [1e-5], [-1.0]]), flows
    )
    assert story.cold["flow"] == flows[0]
    assert Path(story.cold["path"]).parent.samefile(story.tree)


def test_a_warm_call_loads_from_the_cache(story):
    assert (story.warm["hits"], story.warm["misses"]) == (1, 0)
    assert story.warm["flow"] == story.cold["flow"]
    assert story.warm_files == story.cold_files


def test_an_edit_in_one_file_reaches_a_caller_in_another(story):
    """Perry's coefficient into vacuum is halved in orifice.py; laws.py is as it was."""
    assert (story.tree / "laws.py").read_bytes() == story.caller
    assert (story.edited["hits"], story.edited["misses"]) == (0, 1)
    assert story.edited["flow"] == pytest.approx(0.5 * story.cold["flow"], rel=1e-14)


def test_an_edit_of_a_constant_reaches_every_caller(story):
    """Four times the gas constant halves the flow."""
    assert story.moved["flow"] == pytest.approx(0.5 * story.edited["flow"], rel=1e-14)


def test_files_of_earlier_versions_are_removed(story):
    assert not set(story.edited_files) & set(story.cold_files)
    assert len(story.edited_files) == len(story.cold_files)


def test_files_of_functions_that_have_moved_are_removed(story):
    assert not set(story.moved_files) & set(story.edited_files)
    assert len(story.moved_files) == len(story.cold_files)


def test_stamp_covers_every_file_and_its_name(tmp_path):
    code = "import json; from {}.jit import source_stamp; print(json.dumps({{'stamp': source_stamp()}}))"

    def stamp(name):
        return run_python(code.format(name), tmp_path)["stamp"]

    tree = copy_kernels(tmp_path)
    assert stamp(tree.name) == jit.source_stamp()
    (tree / "seal.py").rename(tree / "gasket.py")
    renamed = stamp(tree.name)
    (tree / "deeper").mkdir()
    (tree / "deeper" / "more.py").write_text("")
    assert len({jit.source_stamp(), renamed, stamp(tree.name)}) == 3


# Where the cache lies


@pytest.mark.skipif(sys.platform == "win32", reason="the user's cache folder is not set by the environment")
def test_the_users_folder_where_the_installed_one_cannot_be_written(tmp_path):
    """A file stands where the folder of the cache would be made: that stops the superuser as well."""
    tree = copy_kernels(tmp_path)
    (tree / "__pycache__").write_text("")
    code = CALL_A_SMALL_LAW.format(package=tree.name, before="")
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home" / "cache")}
    assert [run_python(code, tmp_path, **home)["hits"] for _ in range(2)] == [0, 1]
    assert cache_files(tmp_path / "home")
    assert not cache_files(tree)


def test_the_folder_that_the_environment_names(tmp_path):
    tree = copy_kernels(tmp_path)
    code = CALL_A_SMALL_LAW.format(package=tree.name, before="")
    where = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert [run_python(code, tmp_path, **where)["hits"] for _ in range(2)] == [0, 1]
    assert cache_files(tmp_path / "cache")
    assert not cache_files(tree)


def test_without_any_folder_functions_are_compiled_anew_with_a_warning(tmp_path):
    nowhere = """
from numba.core import caching
def refuse(self, function):
    raise RuntimeError("cannot cache: no locator available")
caching.FunctionCache.__init__ = refuse
"""
    code = CALL_A_SMALL_LAW.format(package=copy_kernels(tmp_path).name, before=nowhere)
    result = run_python(code, tmp_path)
    assert result["flow"] == 4.0
    assert "compiled kernels are not kept between runs: cannot cache" in result["stderr"]


# Without the JIT

TINY = {
    "volumes": [tank(0.5, 6e4), outside()],
    "paths": [cracks(0, 1, ("uniform", 0.5, 3.0), opening=("lognormal", 2e-5, 0.3))],
    "duration": 3600.0,
    "thresholds": [(0, 5.9e4, -1.0)],
    "record": [(0, 600.0)],
    "rtol": 1e-3,
}
PLAIN = """
import json, sys
from types import FunctionType
from test_jit import numbers
from leakflow.kernels import laws, random, batch
compiled = [not isinstance(f, FunctionType) for f in (laws.crack_flows, random.philox, batch.run_samples)]
print(json.dumps({"compiled": any(compiled), "numbers": numbers()}))
"""


def numbers():
    """Results of some kernels, compiled or not."""
    crack = [293.0, 1e5, 2e4, *CRACK.values(), 0.5]
    flows = np.zeros(3)
    fractions = gas.as_mole_fractions({"N2": 0.8, "O2": 0.2})
    laws.crack_flows(fractions, np.array([crack]).T.copy(), flows[:1])
    laws.orifice_flows(fractions, np.array([[293.0], [1e5], [9e4], [1e-5], [0.6]]), flows[1:2])
    laws.seal_flows(np.array([[1e5], [9e4], [1e-12], [1e-17]]), flows[2:])
    words = [float(word) for word in random.philox(*[np.uint32(w) for w in (1, 2, 3, 4, 5, 6)])]
    normal = [random.normal_quantile(u) for u in (1e-300, 0.3, 0.999)]
    result = run_plan(Case(**TINY).plan, 1, seed=7, first=3)
    assert result.status[0] == 0
    of_run = (result.inputs, result.outcomes, result.values, result.flows)
    return [float(x) for x in (*flows, *words, *normal, *np.concatenate([a.ravel() for a in of_run]))]


TWICE = """
import json, sys, time
from pathlib import Path
import tiny
Path(f"ready-{sys.argv[1]}").touch()
while len(list(Path().glob("ready-*"))) < int(sys.argv[2]):
    time.sleep(1e-3)
values = {"int": 3, "float": 2.5}
of = [values[sys.argv[1].partition("-")[0]]] if int(sys.argv[2]) > 1 else list(values.values())
found = [tiny.cube(x) for x in of]
print(json.dumps({"found": found, "hits": sum(tiny.cube.stats.cache_hits.values())}))
"""


def test_processes_that_compile_at_once_leave_a_cache_that_works(tmp_path):
    """Two for each of two signatures: all are right, and so is what is loaded from the cache afterwards."""
    (tmp_path / "tiny.py").write_text(
        "from leakflow.kernels.jit import jit\n\n\n@jit\ndef cube(x):\n    return x * x * x\n"
    )
    settings = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    settings |= {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def start(name, count):
        command = [sys.executable, "-c", TWICE, name, str(count)]
        return subprocess.Popen(command, cwd=tmp_path, env=settings, stdout=subprocess.PIPE, text=True)

    names = ("int-1", "float-1", "int-2", "float-2")
    started = [start(name, len(names)) for name in names]
    expected = {"int": 27, "float": 15.625}
    for name, process in zip(names, started, strict=True):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert json.loads(out)["found"] == [expected[name.partition("-")[0]]]
    again = [start("again", 1).communicate(timeout=120)[0] for _ in range(2)]
    assert [json.loads(out)["found"] for out in again] == [[27, 15.625]] * 2
    assert json.loads(again[1])["hits"] == 2
    assert not list((tmp_path / "cache").rglob("*.tmp.*"))


def test_two_signatures_saved_at_once_keep_their_own_code(tmp_path, monkeypatch):
    """The second is saved while the first has written its code and not yet read the index."""
    files = [jit._CheckedFiles(str(tmp_path), "f", "stamp") for _ in range(2)]
    load = files[0]._load_index

    def be_overtaken_and_load():
        monkeypatch.setattr(files[0], "_load_index", load)
        files[1].save("second", "code of the second")
        return load()

    monkeypatch.setattr(files[0], "_load_index", be_overtaken_and_load)
    files[0].save("first", "code of the first")
    for key in ("first", "second"):
        assert files[1].load(key) == f"code of the {key}"


CODE = "code" * 100


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 20, -1])
def test_a_file_that_was_cut_is_made_again(tmp_path, kind, left):
    """By a crash or a full disk; of a flipped bit nothing is loaded either."""
    files = jit._CheckedFiles(str(tmp_path), "f", "stamp")
    files.save("key", CODE)
    assert files.load("key") == CODE
    (path,) = tmp_path.glob(f"*.{kind}")
    content = path.read_bytes()
    for damaged in (
        content[:left],
        content[:left] + bytes(len(content[left:])),
        bytes([content[0] ^ 1]) + content[1:],
    ):
        path.write_bytes(damaged)
        assert files.load("key") is None
        files.save("key", CODE)
        assert files.load("key") == CODE


def test_the_standard_variable_switches_the_jit_off(tmp_path):
    plain = run_python(PLAIN, tmp_path, NUMBA_DISABLE_JIT="1")
    assert not plain["compiled"]
    expected = numbers()
    receipt = [i for i, x in enumerate(expected) if 0.0 < abs(x) < 1e-14]  # rounding itself
    assert len(receipt) <= 2
    for i, (found, value) in enumerate(zip(plain["numbers"], expected, strict=True)):
        if i not in receipt:
            assert found == pytest.approx(value, rel=1e-12, abs=0.0, nan_ok=True)


# One decorator


def tree_of(path):
    return ast.parse(path.read_text())


def imports(tree):
    """Top names of the modules that a tree imports by their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_there_are_kernels_to_look_at():
    assert {"jit.py", "batch.py", "crack.py", "network.py"} <= {path.name for path in SOURCES}


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name not in HOSTS], ids=lambda p: p.stem)
def test_all_jitted_code_is_made_by_the_one_decorator(path):
    tree = tree_of(path)
    assert "numba" not in set(imports(tree))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name not in PLAIN_PYTHON:
            names = [d.id for d in node.decorator_list if isinstance(d, ast.Name)]
            assert names in (["jit"], ["jit_inline"], ["jit_rare"]), node.name
            assert len(node.decorator_list) == 1
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):  # a pack of arrays, without code of its own
            assert [base.id for base in node.bases] == ["Pack"]
            assert not [part for part in node.body if isinstance(part, ast.FunctionDef)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_kernels_import_little(path):
    allowed = {"math", "collections", "numpy", "typing", "__future__"}
    if path.name == "jit.py":
        allowed |= {"contextlib", "hashlib", "os", "pickle", "warnings", "functools", "pathlib", "numba"}
    if path.name == "batch.py":
        allowed |= {"weakref"}
    if path.name == "whole.py":
        allowed |= {"re", "numba", "llvmlite"}
    if path.name == "lowering.py":
        allowed |= {"numba", "llvmlite"}
    if path.name == "remembered.py":
        allowed |= {"gc", "contextlib", "numba", "llvmlite"}
    if path.name == "pack.py":
        allowed |= {"functools", "hashlib", "operator", "numba", "llvmlite"}
    assert set(imports(tree_of(path))) <= allowed


def test_options_of_every_compiled_function():
    modules = [m for m in vars(leakflow.kernels).values() if getattr(m, "__file__", None)]
    dispatchers = {
        f"{m.__name__}.{name}": f
        for m in modules
        for name, f in vars(m).items()
        if hasattr(f, "targetoptions") and f.__module__ == m.__name__
    }
    assert len(dispatchers) > 40
    for name, f in dispatchers.items():
        options = f.targetoptions
        assert not options["fastmath"], name
        assert options["nogil"], name
        assert options["error_model"] == "numpy", name
        assert not options.get("parallel"), name
        assert type(f._cache).__name__ == "_StampedCache", name


def test_not_a_number_and_infinity_keep_their_meaning():
    assert math.isnan(random.normal_quantile(math.nan))
    by_nought = random.quantile(random.WEIBULL, 0.0, 1.0, 0.0, 0.0, 0.9)
    assert by_nought == math.inf
    assert not isinstance(network.rates, FunctionType)
