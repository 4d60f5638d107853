"""The workers of a dask.distributed cluster: that they are fit for a campaign, and how they get its parts.

A worker gets the folder's path and the number of a part, writes the part there, and gives about 100 bytes
back. The scheduler tries a part again on another worker if one dies, as often as its
``distributed.scheduler.allowed-failures`` say; then `leakflow.solver.campaign.rescue` looks into it.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._interrupts import held_back, unheard
from ..errors import CampaignError, ResultsError
from .compute import PartReceipt, Prepared
from .manifest import differences, read_manifest

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

    from .runner import Maker

__all__ = ["ClientCrew", "check_workers", "connected", "local_cluster", "tls_security"]

_LEAST_FAILURES = 10  # of workers that may die of a part before it is looked into
_WINDOW_PER_THREAD = 2
_RECOUNT = 5.0  # s between two looks at how many workers there are
_CONNECT = 10.0  # s to find a scheduler
_SIGHT = 10.0  # s that a shared file system may take to show a new file


@contextmanager
def connected(address: str, security: Security | None = None) -> Iterator[Client]:
    """Connect with the scheduler of a cluster.

    Parameters
    ----------
    address : str
        As ``tcp://10.0.0.1:8786`` or ``tls://head-node:8786``.
    security : distributed.security.Security, optional
        By default what dask's own configuration says.

    Raises
    ------
    CampaignError
        distributed is not installed, or there is no scheduler.
    """
    distributed = _distributed()
    _check_address(address)
    try:
        client = distributed.Client(
            address, security=security, timeout=_CONNECT, set_as_default=False, name="leakflow"
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        text = " ".join(str(error.__cause__ or error).split()) or type(error).__name__
        text = re.sub(r"in <[^>]*>: ", "", text)  # an object's name says nothing to a person
        raise CampaignError(f"scheduler {address}: cannot be reached: {text}") from error
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=5.0)


def _check_address(address: str) -> None:
    """Refuse what is no address, before dask tries and leaves a half-made client."""
    host = r"(\[[0-9a-fA-F:.]+\]|[^\s/:]+)"
    if not re.fullmatch(rf"([a-z]+://)?{host}:[0-9]{{1,5}}(/\S*)?", address):
        raise CampaignError(f"scheduler {address}: is no address, such as tcp://10.0.0.1:8786")


def tls_security(authority: Path, certificate: Path, key: Path) -> Security:
    """Return what a client shows and asks for where all that goes over the network is encrypted.

    Parameters
    ----------
    authority, certificate, key : Path
        Files in PEM.

    Raises
    ------
    CampaignError
        distributed is not installed, or the files are no certificates.
    """
    _distributed()
    from distributed.security import Security

    security = Security(
        tls_ca_file=str(authority), tls_client_cert=str(certificate), tls_client_key=str(key),
        require_encryption=True,
    )  # fmt: skip
    try:
        security.get_connection_args("client")  # reads them
    except OSError as error:
        names = f"{authority}, {certificate}, {key}"
        raise CampaignError(f"{names}: cannot be used for TLS: {' '.join(str(error).split())}") from error
    return security


@contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """Start workers on this machine, which nobody else can reach, and stop them at the end.

    Parameters
    ----------
    workers : int
        Processes, of one thread each; one that dies is replaced.

    Raises
    ------
    CampaignError
        distributed is not installed, or the workers do not start.
    """
    with ExitStack() as running:
        with held_back():
            cluster = running.enter_context(_started(_distributed()))
            cluster.scale(workers)
        client = running.enter_context(connected(cluster.scheduler_address))
        try:
            client.wait_for_workers(workers, timeout=_PATIENCE)
        except TimeoutError as error:
            why = f"they did not all start within {_PATIENCE:.0f} s"
            raise CampaignError(f"workers = {workers}: {why}") from error
        yield client


_PATIENCE = 300.0  # s for all workers to start
_CRITICAL = 50  # of logging: what matters of a worker's end is said by the campaign


@contextmanager
def _started(distributed: Any) -> Iterator[Any]:
    """Start a cluster without workers, and close it at the end, however that comes."""
    import dask
    from distributed.utils import LoopRunner

    known = dask.config.get("distributed.scheduler.allowed-failures")
    settings = {"distributed.scheduler.allowed-failures": max(int(known), _LEAST_FAILURES)}
    runner = LoopRunner()
    if os.name != "nt":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # a later one would lift the mask
    with unheard():  # the thread that starts workers, and so they themselves
        runner.start()
    with dask.config.set(settings):
        try:
            cluster = distributed.LocalCluster(
                n_workers=0, threads_per_worker=1, processes=True, host="127.0.0.1", protocol="tcp://",
                scheduler_port=0, dashboard_address="127.0.0.1:0", silence_logs=_CRITICAL, loop=runner.loop,
            )  # fmt: skip
        except (OSError, RuntimeError, TimeoutError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise CampaignError(f"workers: their scheduler does not start: {text}") from error
        try:
            yield cluster
        finally:
            with held_back(), suppress(TimeoutError):
                cluster.close(timeout=30.0)
            runner.stop()


def check_workers(client: Client, prepared: Prepared) -> None:
    """Refuse a cluster whose workers do not see the campaign's folder, or would give other numbers.

    Waits for the first worker. One that comes later is checked by the first part that it gets.

    Raises
    ------
    CampaignError
        A line for each such worker; or the client is for asynchronous use.
    """
    if client.asynchronous:
        raise CampaignError("client: is asynchronous; must be a Client(..., asynchronous=False)")
    _wait_for_a_worker(client)
    token = prepared.directory / f".leakflow-{secrets.token_hex(8)}.tmp"
    try:
        token.write_bytes(b"")
    except OSError as error:
        raise ResultsError(f"{prepared.directory}: cannot be written: {error.strerror or error}") from error
    try:
        answers: dict[str, Any] = client.run(report, str(prepared.directory), token.name, on_error="return")
    finally:
        token.unlink(missing_ok=True)
    faults = [
        line for worker, answer in sorted(answers.items()) for line in _faults(prepared, worker, answer)
    ]
    if faults:
        raise CampaignError(faults[:_MOST_FAULTS])


_MOST_FAULTS = 10


def report(directory: str, token: str) -> dict[str, Any]:
    """Say, on a worker, what fixes its numbers and what it sees of a campaign's folder."""
    from ..provenance import numerics

    found: dict[str, Any] = {"numerics": numerics(), "campaign": "", "sees": False, "fault": ""}
    folder = Path(directory)
    try:
        found["campaign"] = read_manifest(folder).id
    except CampaignError as error:
        found["fault"] = str(error)
        return found
    end = time.monotonic() + _SIGHT
    while not (folder / token).exists() and time.monotonic() < end:
        time.sleep(0.2)
    found["sees"] = (folder / token).exists()
    if not os.access(folder, os.W_OK):
        found["fault"] = f"{directory}: cannot be written"
    return found


def _faults(prepared: Prepared, worker: str, answer: Any) -> list[str]:
    """Return what makes a worker unfit, a line each."""
    who = f"{prepared.directory}: worker {worker}"
    if isinstance(answer, OSError):  # it died meanwhile
        return []
    if isinstance(answer, ImportError | AttributeError):
        return [f"{who}: has no leakflow, or another: {' '.join(str(answer).split())}"]
    if isinstance(answer, BaseException):
        return [f"{who}: cannot be asked: {type(answer).__name__}: {' '.join(str(answer).split())}"]
    shared = "the folder must be on a file system that all workers share, under the same path"
    if answer["campaign"] != prepared.manifest.id:
        return [f"{who}: does not see the folder: {answer['fault'] or 'another campaign is there'}; {shared}"]
    if not answer["sees"]:
        return [f"{who}: sees another folder of this name; {shared}"]
    if answer["fault"]:
        return [f"{who}: {answer['fault']}"]
    found = differences(prepared.manifest, replace(prepared.manifest, numerics=answer["numerics"]))
    return [f"{who}: would give other numbers: {line}" for line in found]


class ClientCrew:
    """The workers of a cluster, as `leakflow.solver.campaign.runner.run_on` takes them."""

    all_die_together = False
    most_deaths = 3  # the scheduler has tried often before it tells of one
    patience: float | None = 0.0  # what was cancelled is not waited for

    def __init__(self, client: Client, prepared: Prepared, window: int | None = None) -> None:
        """Take a client, which is left open."""
        self.deaths: tuple[type[BaseException], ...] = (_distributed().KilledWorker,)
        self._client, self._window = client, window
        self._executor = client.get_executor(pure=False)
        self._directory = prepared.directory
        self._counted, self._threads = -_RECOUNT, 0

    def window(self) -> int:
        """Return two for each thread of the workers that are there now."""
        if self._window is not None:
            return self._window
        if time.monotonic() - self._counted > _RECOUNT:
            self._threads = max(1, sum(self._ask_threads().values()))
            self._counted = time.monotonic()
        return _WINDOW_PER_THREAD * self._threads

    def submit(self, make: Maker, directory: str, part: int) -> Future[PartReceipt]:
        """Submit a part."""
        try:
            future: Future[PartReceipt] = self._executor.submit(work, make, directory, part)
        except Exception as error:  # whatever a closed client says
            raise self._gone() from error
        return future

    def result(self, future: Future[PartReceipt]) -> PartReceipt:
        """Return what a worker gave; a future that was cancelled by nobody here has lost its scheduler."""
        try:
            return future.result()
        except (CancelledError, _distributed().client.FutureCancelledError) as error:
            raise self._gone() from error

    def mourn(self, directory: str, error: BaseException) -> None:
        """Do nothing: that others take the place of workers that died is for the cluster to see to."""

    def _ask_threads(self) -> dict[str, int]:
        try:
            threads: dict[str, int] = self._client.nthreads()
        except (OSError, RuntimeError, TimeoutError) as error:
            raise self._gone() from error
        return threads

    def _gone(self) -> CampaignError:
        kept = f"what was finished is kept, leakflow resume {self._directory} does the rest"
        return CampaignError(f"{self._directory}: the scheduler is gone; {kept}")


def work(make: Maker, directory: str, part: int) -> PartReceipt:
    """Make a part, on a worker; what it says of itself begins with its name."""
    from distributed import get_worker

    try:
        return make(directory, part)
    except CampaignError as error:
        raise CampaignError([f"worker {get_worker().address}: {fault}" for fault in error.faults]) from None


def _wait_for_a_worker(client: Client) -> None:
    while True:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=3600.0)
            return


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise CampaignError(
            'a cluster needs dask.distributed: python -m pip install "leakflow[dask]"'
        ) from error
    return distributed
