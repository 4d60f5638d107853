"""What a campaign is: the resolved case and all else that fixes its numbers, in one file of JSON.

The manifest is enough to go on without the case file. Its identity, all that fixes the numbers, has a
sha256 that names the campaign and stands in every part and in the merged file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._whole_file import write_new, write_whole
from ..errors import CampaignError, CaseError

if TYPE_CHECKING:
    from ..case import Case

__all__ = [
    "MANIFEST", "Manifest", "create_manifest", "differences", "read_manifest", "replace_manifest",
    "with_numerics",
]  # fmt: skip

#: Name of the file in the campaign's folder.
MANIFEST = "manifest.json"
_FORMAT = 1
_MOST_BYTES = 64 * 2**20
_MOST_LINES = 20


@dataclass(frozen=True)
class Manifest:
    """What a campaign is.

    Attributes
    ----------
    id : str
        sha256 of the identity: case (without the number of samples, where more leave the first ones as
        they are), seed and numerics.
    source : str
        Name of the case file, for the history.
    created : str
        UTC, ISO 8601; it stands in the history of every part, so that a part made again has the same bytes.
    case : dict
        As `Case.to_dict` gives it, in its own order, without ``sweep.samples``.
    samples : int
        How many are wanted; `replace_manifest` may raise it.
    part_samples : int
        Part ``k`` has the samples from ``k * part_samples`` on. Never changed.
    chunk_samples : int
        Samples in an HDF5 chunk of a series; ``part_samples`` is a multiple of it.
    extendable : bool
        Whether sample ``i`` is the same however many samples there are.
    numerics : dict
        As `leakflow.solver.provenance.numerics` gives it.
    """

    id: str
    source: str
    created: str
    case: dict[str, Any]
    samples: int
    part_samples: int
    chunk_samples: int
    extendable: bool
    numerics: dict[str, Any]

    @property
    def n_parts(self) -> int:
        """How many parts there will be."""
        return -(-self.samples // self.part_samples)

    def part_range(self, part: int) -> tuple[int, int]:
        """Return the first sample of a part, and how many it has."""
        first = part * self.part_samples
        return first, min(self.part_samples, self.samples - first)

    def case_data(self) -> dict[str, Any]:
        """Return the case as plain values, with the number of samples."""
        return self.case | {"sweep": {"samples": self.samples} | self.case["sweep"]}

    def resolved_case(self) -> Case:
        """Return the case, ready to be compiled.

        Raises
        ------
        CampaignError
            It is no case to this version of leakflow.
        """
        from .._case_resolved import case_from_resolved  # a quarter of a second: not spent by who only looks

        try:
            return case_from_resolved(self.case_data(), self.source)
        except CaseError as error:
            raise CampaignError(f"{MANIFEST}: its case is none to this version of leakflow") from error

    def text(self) -> str:
        """Return the file's content, its checksum last."""
        from ..provenance import canonical

        fields = {"format": _FORMAT} | vars(self)
        body = canonical(fields)
        return f'{body[:-1]},"checksum":"{_checksum(body)}"}}\n'


def create_manifest(directory: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a new campaign, or return the one that another process wrote just before.

    Raises
    ------
    ResultsError
        It cannot be written.
    """
    written = write_new(directory / MANIFEST, manifest.text().encode())
    return manifest if written else read_manifest(directory)


def replace_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest over the one that is there."""
    write_whole(directory / MANIFEST, manifest.text().encode())


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a campaign, checked.

    Raises
    ------
    CampaignError
        There is none, or it is damaged, or of a later format.
    """
    path = directory / MANIFEST
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise CampaignError(f"{directory}: no campaign: it has no {MANIFEST}") from error
    except OSError as error:
        raise CampaignError(f"{path}: cannot be read: {error.strerror or error}") from error
    return _parse(path, content)


def differences(there: Manifest, here: Manifest) -> list[str]:
    """Say key by key in what two campaigns differ; nothing if their numbers are the same.

    Parameters
    ----------
    there : Manifest
        Of the campaign's folder.
    here : Manifest
        What would be run now.
    """
    lines = list(_differences("case", there.case, here.case))
    lines += _differences("numerics", there.numerics, here.numerics)
    if not there.extendable and there.samples != here.samples:
        lines.append(f"samples = {there.samples} there, {here.samples} here")
    if not lines and there.id != here.id:
        lines.append("the order of volumes, paths or other names of the case")
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more differences"]
    return lines


def with_numerics(manifest: Manifest) -> Manifest:
    """Return the manifest that the same case would have here and now."""
    from ..provenance import identity, identity_hash, numerics

    own = identity(manifest.resolved_case(), extendable=manifest.extendable)
    return replace(manifest, id=identity_hash(own), numerics=numerics())


def _parse(path: Path, content: bytes) -> Manifest:
    try:
        data = json.loads(content)
        body = content.decode().rstrip()
        stated = data.pop("checksum")
        if data.pop("format") != _FORMAT:
            raise CampaignError(f"{path}: written by a newer leakflow")
        if _checksum(body[: body.rindex(',"checksum"')] + "}") != stated:
            raise CampaignError(f"{path}: damaged: it does not have its checksum")
        manifest = Manifest(**data)
        sizes = (manifest.samples, manifest.part_samples, manifest.chunk_samples)
        if not all(type(size) is int and 0 < size < 2**63 for size in sizes):
            raise ValueError("sizes that cannot be")
        if not isinstance(manifest.numerics, dict) or not isinstance(manifest.case["sweep"], dict):
            raise ValueError("texts in the place of tables")
    except CampaignError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise CampaignError(f"{path}: damaged: it is no manifest") from error
    return manifest


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _differences(key: str, there: Any, here: Any) -> Iterator[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        for name in [*there, *(name for name in here if name not in there)]:
            yield from _differences(f"{key}.{name}", there.get(name), here.get(name))
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for i, (a, b) in enumerate(zip(there, here, strict=True)):
            yield from _differences(f"{key}.{i}", a, b)
    elif there != here:
        yield f"{key} = {_shown(there, here)} there, {_shown(here, there)} here"


def _shown(value: Any, other: Any) -> str:
    """Write a value on a line; of long lists of words only what the other has not."""
    if value is None:
        return "nothing"
    if isinstance(value, str) and isinstance(other, str) and len(value) > 80:
        words = [word for word in value.split() if word not in set(other.split())]
        value = f"... {' '.join(words)} ..." if words else "..."
    text = json.dumps(value) if not isinstance(value, str) else value
    return text if len(text) <= 200 else f"{text[:200]}..."
