"""The parts that a merge or an export takes, and what becomes of one that turns out to be damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CampaignError
from .manifest import Manifest
from .parts import DamagedPartError, Seal, part_path, set_aside
from .status import read_ledger

__all__ = ["setting_aside", "wanted_parts"]


def wanted_parts(directory: Path, manifest: Manifest, *, partial: bool) -> list[tuple[Path, Seal]]:
    """Return the parts of a campaign with their seals, in the order of their samples.

    Parameters
    ----------
    directory, manifest
        Of the campaign.
    partial : bool
        Take those that are there and whole, though others are missing or damaged.

    Raises
    ------
    CampaignError
        Parts are missing or damaged.
    """
    ledger = read_ledger(directory, manifest)
    if ledger.faults and not partial:
        part, fault = next(iter(ledger.faults.items()))
        raise CampaignError(f"{part_path(directory, part)}: {fault}; {_mending(directory)}")
    missing = ledger.missing()
    if missing and not (partial and ledger.states):
        count = f"{len(missing):,} of {manifest.n_parts:,} parts are missing"
        raise CampaignError(f"{directory}: {count}; leakflow resume {directory} makes them")
    seals = [state.seal for state in ledger.states.values() if state.seal is not None]
    return [(part_path(directory, seal.part), seal) for seal in seals]


@contextmanager
def setting_aside(directory: Path) -> Iterator[None]:
    """Rename a part that turns out to be damaged inside to ``.bad``, so that it is made again.

    Raises
    ------
    CampaignError
        Then.
    """
    try:
        yield
    except DamagedPartError as error:
        set_aside(directory, int(error.path.stem.rpartition("-")[2]))
        raise CampaignError(f"{error}; {_mending(directory)}") from error


def _mending(directory: Path) -> str:
    return f"leakflow resume {directory} makes it again"
