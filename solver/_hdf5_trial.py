"""A file from a stranger, read once in a process of its own before it is opened in this one.

The HDF5 library was not made for hostile bytes: among files that are damaged at random, and begin as they
should, some end it in a segmentation fault or keep it busy for ever, whatever is checked around it. There
that costs a child process, which has bounds on its time and memory, instead of the user's session.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ._terminal_text import plain
from .errors import ResultsError

__all__ = ["try_file"]

# Of the child's processor time, once it has started: a read of a good file takes a hundredth of this. By the
# clock it may take longer, on a busy machine or from a slow drive.
_SECONDS = 5.0
_PATIENCE = 12.0
_BYTES_A_SECOND = 20e6
# Of the address space: the libraries take 0.4 GiB, a slab and a chunk together under 0.2 GiB.
_MEMORY = 2 * 2**30
# Python and its libraries from a slow network drive
_SECONDS_TO_START = 120.0
_REFUSED = 7


def try_file(path: Path) -> None:
    """Read a results file to its end in a child process, and throw away what it holds.

    Raises
    ------
    ResultsError
        As from `leakflow.solver.open_results`; also if the file crashes HDF5, keeps it busy, or makes it take
        more memory than reading results can need.
    """
    seconds = _seconds(path)
    # -P: the folder that this is run in, maybe the stranger's, is no place to import from
    command = [sys.executable, "-P", "-m", "leakflow.solver._hdf5_trial", os.fspath(path)]
    environment = os.environ | {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=_SECONDS_TO_START + _PATIENCE * seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ResultsError(f"{path}: cannot be read: it takes more than {seconds:.0f} s: refused") from None
    if done.returncode == 0:
        return
    if done.returncode == _REFUSED:
        with contextlib.suppress(ValueError):
            raise ResultsError(plain(str(json.loads(done.stdout))))
    if os.name == "posix" and -done.returncode in (signal.SIGALRM, signal.SIGPROF):
        raise ResultsError(f"{path}: cannot be read: it takes more than {seconds:.0f} s: refused")
    raise ResultsError(f"{path}: cannot be read: it crashes the HDF5 library ({done.returncode}): refused")


def _seconds(path: Path) -> float:
    try:
        return _SECONDS + path.stat().st_size / _BYTES_A_SECOND
    except OSError:
        return _SECONDS  # the child says what is wrong


def _child(path: Path) -> int:
    """Read the file within bounds; print the error, if there is one, as JSON."""
    from ._hdf5_read import walk_results

    _bound(_seconds(path))
    try:
        walk_results(path)
    except ResultsError as error:
        text = str(error)
    except MemoryError:
        text = f"{path}: cannot be read: it takes more memory than results can need: refused"
    else:
        return 0
    sys.stdout.write(json.dumps(text))
    return _REFUSED


def _bound(seconds: float) -> None:
    """Let this process be killed once it has taken so long, and refuse it memory; POSIX only."""
    try:
        import resource
    except ImportError:  # Windows: the parent's own limit of time is all
        return
    for clock, number, most in (
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, _PATIENCE * seconds),
    ):
        signal.signal(number, signal.SIG_DFL)  # kills, also in the midst of HDF5
        signal.setitimer(clock, most)
    for limit, size in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(OSError, ValueError):  # the hard limit may be lower already
            resource.setrlimit(limit, (size, size))


if __name__ == "__main__":
    sys.exit(_child(Path(sys.argv[1])))
