"""A sweep by the workers of a cluster whose results come back into memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ResultsError
from ..results import Results, open_results
from ..sweep import Progress, SweepInterrupted
from .folder import Campaign

if TYPE_CHECKING:
    from distributed import Client

    from ..case import Case

__all__ = ["sweep_on"]


def sweep_on(
    case: Case, client: Client, *, folder: Path | None = None, progress: Progress | None = None
) -> Results:
    """Run a sweep as a campaign in a temporary folder, and read what it gave.

    Parameters
    ----------
    case : Case
        With its number of samples.
    client : distributed.Client
    folder : Path, optional
        Where the temporary folder is made: workers must see it. By default the current one.
    progress : callable, optional
        As for `leakflow.solver.sweep`.

    Raises
    ------
    CampaignError
        As for `Campaign.run`.
    ResultsError
        The folder cannot be written.
    SweepInterrupted
        Ctrl-C; it carries the samples of the parts that were finished.
    """
    place = folder or Path.cwd()

    def report(done: int, failed: int, total: int, /, *, written: int) -> None:
        if progress is not None:
            progress(done, failed, total)

    try:
        temporary = tempfile.TemporaryDirectory(
            prefix=".leakflow-sweep-", dir=place, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise ResultsError(f"{place}: cannot be written: {error.strerror or error}") from error
    with temporary as name:
        file = Path(name) / "sweep.nc"
        threads = None if client.asynchronous else sum(client.nthreads().values())
        campaign = Campaign.create(Path(name) / "campaign", case, workers=threads or 1)
        try:
            campaign.run(client=client, progress=report)
        except SweepInterrupted:
            if not campaign.part_paths():
                raise
            campaign.merge(file, partial=True)
            raise SweepInterrupted(open_results(file)) from None
        campaign.merge(file)
        return open_results(file)
