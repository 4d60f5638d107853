"""Export: what is asked for is checked, a child process writes it, and it is renamed into its place."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import _whole_file
from .._case_checks import nearest
from ..campaign.merge_process import ask_child, provenance_of, what_was_swept
from ..campaign.parts import DamagedPartError, Seal
from ..campaign.wanted import setting_aside, wanted_parts
from ..errors import ArgumentError, ResultsError
from .where import parse_where

__all__ = ["FORMATS", "Exported", "export", "format_of"]

#: What can be written, and the suffixes of its files.
FORMATS = {"netcdf": (".nc", ".h5"), "csv": (".csv",), "parquet": (".parquet", ".pq")}


@dataclass(frozen=True)
class Exported:
    """What an export gave.

    Attributes
    ----------
    paths : tuple of Path
        The files, in the order of their samples.
    samples, available : int
        In them, and in the source.
    size : int
        Bytes of all files.
    seconds : float
    """

    paths: tuple[Path, ...]
    samples: int
    available: int
    size: int
    seconds: float


def export(
    source: str | os.PathLike[str], path: str | os.PathLike[str], *, columns: Sequence[str] | None = None,
    where: str | None = None, series: bool | None = None, format: str | None = None,
    shard_gigabytes: float | None = None, virtual: bool = False, partial: bool = False,
    trusted: bool = True, report: Callable[[int, int], None] | None = None,
) -> Exported:  # fmt: skip
    """Write samples of a campaign or of a results file into files of their own.

    It is done in a child process, in memory that does not depend on the number of samples. The files are
    there complete or not at all.

    Parameters
    ----------
    source : path
        The folder of a campaign, or a results file.
    path : path
        Replaced if it is there.
    columns : sequence of str, optional
        Only these variables, beside ``sample``, ``time`` and ``status``; by default all.
    where : str, optional
        Only samples for which this holds: comparisons of a column with a number, joined by ``and``, ``or``,
        ``not`` and parentheses, as ``status == 0 and mass_lost > 1``.
    series : bool, optional
        Whether histories are written; by default they are, but into CSV.
    format : str, optional
        ``netcdf``, ``csv`` or ``parquet``; by default what the suffix of ``path`` says.
    shard_gigabytes : float, optional
        netCDF: into files ``NAME-0001.nc``, ``NAME-0002.nc`` and so on of about that size at most, 1e9 bytes,
        if it is more. A part of a campaign is not divided.
    virtual : bool
        netCDF of a campaign: a file that only points into its parts. A part that goes missing reads as NaN
        without an error, and `open_results` refuses such files.
    partial : bool
        Take the parts that are there, though others are missing.
    trusted : bool
        Whether a results file is one's own; another one is first read in a process of its own, bounded in
        time and memory.
    report : callable, optional
        Called with the samples that are done and that there are to do.

    Returns
    -------
    Exported

    Raises
    ------
    ArgumentError
        Columns, condition, format or size are not as they must be; one line.
    CampaignError
        Parts are missing or damaged. A damaged one is renamed to ``.bad``, so that it is made again.
    ResultsError
        The source cannot be read, or the files cannot be written; nothing is left of them.
    """
    start = time.perf_counter()
    source, path = Path(source), Path(path)
    form = format_of(path, format)
    _check_options(form, shard_gigabytes, virtual=virtual, of_campaign=source.is_dir(), where=where)
    if where is not None:
        parse_where(where)
    task: dict[str, Any] = {
        "path": str(path),
        "format": form,
        "columns": None if columns is None else list(columns),
        "where": where,
        "series": form != "csv" if series is None else series,
        "shard_bytes": None if shard_gigabytes is None else 1e9 * shard_gigabytes,
        "virtual": virtual,
        "version": f"leakflow {metadata.version('leakflow')}",
    }
    if form == "parquet":
        from .tables import require_pyarrow

        require_pyarrow()
    if source.is_dir():
        task |= _of_campaign(source, path, partial=partial)
    else:
        task |= _of_file(source, path, trusted=trusted)
    _check_destination(form, path)
    with setting_aside(source), _staged(path) as (prefix, publish):
        answer = ask_child(
            task | {"prefix": prefix},
            lambda done: None if report is None else report(done, task["samples"]),
            "leakflow.solver.export.child",
        )
        _raise(answer, path)
        paths = publish([Path(each) for each in answer["paths"]])
    size = sum(each.stat().st_size for each in paths)
    return Exported(paths, answer["samples"], answer["available"], size, time.perf_counter() - start)


def format_of(path: Path, format: str | None) -> str:
    """Return the format of a file by its suffix, which must fit the one that is asked for.

    Raises
    ------
    ArgumentError
        There is no such format, or the suffix belongs to another.
    """
    if format is not None and format not in FORMATS:
        raise ArgumentError("format", f" = {format[:100]}: no such format; {nearest(format, list(FORMATS))}")
    wanted = [format] if format is not None else list(FORMATS)
    for name in wanted:
        if path.suffix.lower() in FORMATS[name]:
            return name
    suffixes = [suffix for name in wanted for suffix in FORMATS[name]]
    raise ArgumentError("out", f" = {path}: must end in {' or '.join(suffixes)}")


def _check_options(
    form: str, shard: float | None, *, virtual: bool, of_campaign: bool, where: str | None
) -> None:
    if shard is not None and form != "netcdf":
        raise ArgumentError("shard_size", f" = {shard:g}: only netCDF is divided into files")
    if shard is not None and not 0.0 < shard < float("inf"):
        raise ArgumentError("shard_size", f" = {shard:g}: must be greater than 0 GB")
    if virtual and (form != "netcdf" or not of_campaign):
        raise ArgumentError("virtual", " = true: points into the parts of a campaign, from a netCDF file")
    if virtual and (where is not None or shard is not None):
        other = "where" if where is not None else "shard-size"
        raise ArgumentError("virtual", f" = true: goes not with --{other}; it takes parts as they are")


def _of_campaign(folder: Path, path: Path, *, partial: bool) -> dict[str, Any]:
    from ..campaign import Campaign

    campaign = Campaign.open(folder)
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder / "parts")):
        raise ArgumentError("out", f" = {path}: lies among the parts of the campaign")
    parts: list[tuple[Path, Seal]] = wanted_parts(folder, campaign.manifest, partial=partial)
    samples = sum(seal.samples for _, seal in parts)
    return {
        "parts": [str(part.resolve()) for part, _ in parts],
        "samples": samples,
        "total_bytes": sum(seal.size for _, seal in parts),
        "what": what_was_swept(campaign.manifest, samples),
        "campaign": campaign.id,
        "provenance": provenance_of(campaign.manifest),
    }


def _of_file(source: Path, path: Path, *, trusted: bool) -> dict[str, Any]:
    from .._hdf5_read import check_results

    if not trusted:
        from .._hdf5_trial import try_file

        try_file(source)
    check_results(source)
    if path.exists() and path.samefile(source):
        raise ArgumentError("out", f" = {path}: is the results file itself")
    import h5py

    with h5py.File(source, "r", locking=False) as file:
        samples = len(file["sample"])
    return {"file": str(source.resolve()), "samples": samples, "what": source.name, "provenance": {}}


def _check_destination(form: str, path: Path) -> None:
    from ..results import check_destination

    (check_destination if form == "netcdf" else _whole_file.check_destination)(path)


@contextmanager
def _staged(path: Path) -> Iterator[tuple[str, Callable[[list[Path]], tuple[Path, ...]]]]:
    """Give the beginning of the temporary names, and what puts the files in their places."""
    folder = Path(os.path.realpath(path)).parent
    prefix = folder / f".leakflow-{secrets.token_hex(8)}"

    def publish(targets: list[Path]) -> tuple[Path, ...]:
        staged = []
        for number, target in enumerate(targets):
            temporary = Path(f"{prefix}{number:04d}.tmp")
            descriptor = os.open(temporary, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            staged.append((temporary, Path(os.path.realpath(target))))
        _whole_file.replace_all(staged)
        return tuple(targets)

    try:
        yield str(prefix), publish
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        for left in folder.glob(f"{prefix.name}*.tmp"):
            with suppress(OSError):
                left.unlink()


def _raise(answer: dict[str, Any], path: Path) -> None:
    """Raise what the child says."""
    if "argument" in answer:
        raise ArgumentError(*answer["argument"])
    if "damaged" in answer:
        raise DamagedPartError(Path(answer["damaged"]))
    if "error" in answer:
        raise ResultsError(f"{path}: cannot be written: {answer['error']}")
