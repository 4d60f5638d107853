"""How far each process says it is: one small file for each, for `leakflow status` to read.

Advisory: what exists is told by the parts alone. Nothing here is flushed to the disk, and a journal that
cannot be written stops nothing. Rates are of a clock that no one sets; times of day are for people.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .parts import host_name, is_alive

__all__ = ["Entry", "Journal", "read_journals"]

_FOLDER = "journal"
_PERIOD = 5.0  # s between two writes
_LOST = 60.0  # s without a sign of life


@dataclass(frozen=True)
class Entry:
    """What one process says.

    Attributes
    ----------
    host, pid : str, int
    shard : str
        As ``2/8``; empty if it does them all.
    state : str
        "at work", "ended" or "stopped".
    samples, failed : int
        Computed by it since it started, those of a part that is not written yet too.
    samples_per_second : float
    written : float
        When this was written, seconds since the epoch by that machine's clock.
    """

    host: str
    pid: int
    shard: str
    state: str
    samples: int
    failed: int
    samples_per_second: float
    written: float

    def is_at_work(self, now: float) -> bool:
        """Whether it gave a sign of life within the last minute; a clock set back counts as now."""
        if self.host == host_name() and os.name != "nt" and not is_alive(self.pid):
            return False
        return self.state == "at work" and now - self.written < _LOST


class Journal:
    """The file of this process."""

    def __init__(
        self,
        directory: Path,
        shard: tuple[int, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start now; ``clock`` counts seconds and never goes back."""
        self._folder = directory / _FOLDER
        self._shard = "" if shard is None else f"{shard[0]}/{shard[1]}"
        self._name = f"{host_name()}-{os.getpid()}-{secrets.token_hex(2)}.json"
        self._clock = clock
        self._start = clock()
        self._last = -_PERIOD
        self._samples = self._failed = 0

    def note(self, samples: int, failed: int) -> None:
        """Note what was computed so far; written every few seconds."""
        self._samples, self._failed = samples, failed
        if self._clock() - self._last >= _PERIOD:
            self._write("at work")

    def close(self, state: str) -> None:
        """Say how it ended: "ended" or "stopped"."""
        self._write(state)

    def _write(self, state: str) -> None:
        self._last = self._clock()
        rate = self._samples / max(self._last - self._start, 1e-9)
        entry = Entry(
            host_name(), os.getpid(), self._shard, state, self._samples, self._failed, rate, time.time()
        )
        temporary = self._folder / f".{self._name}.tmp"
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            temporary.write_text(json.dumps(asdict(entry)))
            os.replace(temporary, self._folder / self._name)


def read_journals(directory: Path) -> list[Entry]:
    """Return what the processes of a campaign said last; what cannot be read is left out."""
    return sorted(_entries(directory / _FOLDER), key=lambda entry: entry.written)


def forget_the_dead(directory: Path) -> None:
    """Remove what processes of this machine that have gone left."""
    with suppress(OSError):
        for path in list((directory / _FOLDER).iterdir()):
            host, _, rest = path.name.removeprefix(".").partition(f"{host_name()}-")
            pid = rest.partition("-")[0]
            if host == "" and pid.isdigit() and os.name != "nt" and not is_alive(int(pid)):
                path.unlink()


def _entries(folder: Path) -> Iterator[Entry]:
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".json"]
    except OSError:
        return
    for path in paths:
        with suppress(OSError, ValueError, TypeError, KeyError):
            fields: dict[str, Any] = json.loads(path.read_bytes()[:10_000])
            yield Entry(**{name: kind(fields[name]) for name, kind in _KINDS.items()})


_KINDS: dict[str, Callable[[Any], Any]] = {
    "host": str, "pid": int, "shard": str, "state": str, "samples": int, "failed": int,
    "samples_per_second": float, "written": float,
}  # fmt: skip
