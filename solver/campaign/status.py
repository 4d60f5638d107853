"""How far a campaign is, told from its parts and journals; needs neither the case nor the kernels."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...kernels import status as status_codes
from .journal import Entry, read_journals
from .manifest import Manifest, read_manifest
from .parts import PartState, list_parts, part_state

__all__ = ["CampaignStatus", "Ledger", "read_ledger", "read_status"]


@dataclass(frozen=True)
class Ledger:
    """What there is of the parts.

    Attributes
    ----------
    states : dict of int to PartState
        Of every part that there is a file of, sound or not.
    manifest : Manifest
    """

    manifest: Manifest
    states: dict[int, PartState]

    @property
    def done(self) -> list[int]:
        """The parts that are there, whole."""
        return [part for part, state in self.states.items() if state.is_done]

    @property
    def faults(self) -> dict[int, str]:
        """What is wrong with files that are no parts."""
        return {part: state.fault for part, state in self.states.items() if state.fault}

    def missing(self, shard: tuple[int, int] | None = None) -> list[int]:
        """The parts that have to be made, of all or of a shard, in order."""
        number, count = shard or (0, 1)
        there = set(self.done)
        return [part for part in range(number, self.manifest.n_parts, count) if part not in there]

    def count(self, shard: tuple[int, int] | None = None) -> tuple[Counter[int], int]:
        """The samples in whole parts by status code, and the bytes of those, of all or of a shard."""
        number, shards = shard or (0, 1)
        found: Counter[int] = Counter()
        size = 0
        for part, state in self.states.items():
            if state.is_done and state.seal is not None and part % shards == number:
                size += state.seal.size
                for code, samples in state.seal.statuses.items():
                    found[int(code)] += samples
        return found, size


@dataclass(frozen=True)
class CampaignStatus:
    """How far a campaign is.

    Attributes
    ----------
    directory, id, title : str
    samples, samples_wanted : int
        In parts that are there; all that are wanted.
    failed : int
    reasons : dict of str to int
        Statuses other than ok, with how many samples have each.
    parts, parts_wanted : int
    bad_parts : int
        Files that are no parts; `leakflow resume` makes them again.
    bytes : int
        Of the parts.
    workers : int
        Processes that gave a sign of life within the last minute.
    samples_per_second, seconds_left : float or None
        Of the workers; None if there are none.
    seconds_since_last_sign : float or None
        None if no process ever wrote a journal; 0 if the last one is of the future, by the clock here.
    """

    directory: str
    id: str
    title: str
    samples: int
    samples_wanted: int
    failed: int
    reasons: dict[str, int]
    parts: int
    parts_wanted: int
    bad_parts: int
    bytes: int
    workers: int
    samples_per_second: float | None
    seconds_left: float | None
    seconds_since_last_sign: float | None

    @property
    def is_complete(self) -> bool:
        """Whether every part is there."""
        return self.parts == self.parts_wanted

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"complete": self.is_complete}


def read_ledger(directory: Path, manifest: Manifest) -> Ledger:
    """Look at every part that there is a file of: name, size and seal."""
    there = sorted(part for part in list_parts(directory) if part < manifest.n_parts)
    return Ledger(manifest, {part: part_state(directory, manifest, part) for part in there})


def read_status(directory: Path) -> CampaignStatus:
    """Look how far a campaign is, whoever is at work on it, wherever.

    Raises
    ------
    CampaignError
        No campaign is there.
    """
    manifest = read_manifest(directory)
    ledger = read_ledger(directory, manifest)
    counts, size = ledger.count()
    samples = sum(counts.values())
    now = time.time()
    entries = read_journals(directory)
    at_work = [entry for entry in entries if entry.is_at_work(now)]
    rate = sum(entry.samples_per_second for entry in at_work)
    return CampaignStatus(
        directory=str(directory),
        id=manifest.id,
        title=str(manifest.case.get("title", "")),
        samples=samples,
        samples_wanted=manifest.samples,
        failed=samples - counts[status_codes.OK],
        reasons=reasons(counts),
        parts=len(ledger.done),
        parts_wanted=manifest.n_parts,
        bad_parts=len(ledger.faults),
        bytes=size,
        workers=len(at_work),
        samples_per_second=rate if at_work else None,
        seconds_left=(manifest.samples - samples) / rate if rate > 0.0 else None,
        seconds_since_last_sign=_age(entries, now),
    )


def reasons(counts: Counter[int]) -> dict[str, int]:
    """Return statuses other than ok by name, in the order of the codes."""
    return {
        status_codes.MEANINGS.get(code, f"status_{code}"): counts[code]
        for code in sorted(counts)
        if code != status_codes.OK and counts[code]
    }


def _age(entries: Iterable[Entry], now: float) -> float | None:
    return min((max(now - entry.written, 0.0) for entry in entries), default=None)
