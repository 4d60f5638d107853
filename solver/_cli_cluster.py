"""Options of the commands that can run on a cluster, and the connection that they ask for."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._cli_options import whole
from ._command_border import BAD_INPUT, fail

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Cluster", "Scheduler", "TlsAuthority", "TlsCertificate", "TlsKey", "Workers", "chosen_cluster"]

Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Of a dask cluster, as tcp://HOST:8786, to run on."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", parser=whole, metavar="N", help="Run on N processes of this machine, by dask."),
]
TlsAuthority = Annotated[
    Path | None, typer.Option("--tls-ca", metavar="FILE", help="Certificate of the cluster's authority.")
]
TlsCertificate = Annotated[
    Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate to show to the scheduler.")
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Key of that certificate.")]

_MOST_WORKERS = 1024
_USUAL_WORKERS = 16


@dataclass(frozen=True)
class Cluster:
    """Where parts are made: on workers of this machine, on those of a scheduler, or in this process.

    Attributes
    ----------
    scheduler : str or None
        Its address.
    workers : int or None
        Processes to be started here.
    tls : tuple of Path or None
        Authority, certificate and key.
    """

    scheduler: str | None = None
    workers: int | None = None
    tls: tuple[Path, Path, Path] | None = None

    @contextmanager
    def client(self) -> Iterator[Client | None]:
        """Start or find the workers; gives None where this process does the work.

        Raises
        ------
        CampaignError
            There is no scheduler, or distributed is not installed.
        """
        if self.scheduler is None and self.workers is None:
            yield None
            return
        from .campaign.cluster import connected, local_cluster

        with _no_logs():
            if self.scheduler is None:
                with local_cluster(self.workers or 1) as client:
                    yield client
            else:
                with connected(self.scheduler, self._security()) as client:
                    yield client

    @property
    def size(self) -> int | None:
        """How many workers to cut parts for: a guess where a scheduler's come and go; None without any."""
        return _USUAL_WORKERS if self.scheduler is not None else self.workers

    def _security(self) -> Any:
        from .campaign.cluster import tls_security

        return None if self.tls is None else tls_security(*self.tls)


@contextmanager
def _no_logs() -> Iterator[None]:
    """Keep tracebacks that libraries log from who gets a line; LEAKFLOW_DEBUG=1 shows them."""
    before = logging.root.manager.disable
    if not os.environ.get("LEAKFLOW_DEBUG"):
        logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def chosen_cluster(
    scheduler: str | None, workers: int | None, tls_ca: Path | None, tls_cert: Path | None,
    tls_key: Path | None, *, threads: int | None,
) -> Cluster:  # fmt: skip
    """Check options that have to do with each other; a fault ends the command."""
    faults = []
    if scheduler is not None and workers is not None:
        faults.append("--scheduler, --workers: one of them, not both")
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        faults.append(f"--workers {workers}: must be from 1 to {_MOST_WORKERS}")
    if threads is not None and (scheduler is not None or workers is not None):
        faults.append("--threads: goes not with --scheduler and --workers, where a part has one thread")
    files = {"--tls-ca": tls_ca, "--tls-cert": tls_cert, "--tls-key": tls_key}
    given = {name: file for name, file in files.items() if file is not None}
    if given and (scheduler is None or len(given) < len(files)):
        faults.append(f"{', '.join(given)}: all of {', '.join(files)} go with --scheduler tls://HOST:PORT")
    elif given and scheduler is not None and not scheduler.startswith("tls://"):
        faults.append(f"--scheduler {scheduler}: must begin with tls:// where there are certificates")
    faults += [f"{name} {file}: no such file" for name, file in given.items() if not file.is_file()]
    if faults:
        fail(faults, BAD_INPUT)
    tls = (tls_ca, tls_cert, tls_key) if tls_ca and tls_cert and tls_key else None
    return Cluster(scheduler, workers, tls)
