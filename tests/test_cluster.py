"""Campaigns by workers of dask and of pools, killed and poisoned: the data are those of one process."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from campaign_case import cracked_case
from command_line import lines, start

from leakflow.kernels import status
from leakflow.solver import SweepInterrupted, open_results, provenance, sweep
from leakflow.solver.campaign import Campaign, cluster, compute_part, data_digest, file_digest
from leakflow.solver.campaign.compute import prepare
from leakflow.solver.campaign.rescue import find_lost
from leakflow.solver.errors import CampaignError

distributed = pytest.importorskip("distributed", reason="needs leakflow[dask]")
dask = pytest.importorskip("dask")

SAMPLES = 120
POISON = 133  # of no test but those that want it
POISONED = 136


@pytest.fixture
def case(tmp_path):
    return cracked_case(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The undisturbed sweep of one process."""
    return sweep(cracked_case(tmp_path_factory.mktemp("whole")), samples=SAMPLES)


@pytest.fixture(scope="module")
def poison():
    """Every process that is started has a sample that it dies of."""
    folder = str(Path(__file__).with_name("poison"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", folder)
        patch.setenv("LEAKFLOW_TEST_POISON", str(POISON))
        patch.syspath_prepend(folder)  # what a spawned process is given
        yield


@pytest.fixture(scope="module")
def client(poison):
    """Two workers that are replaced when they die; two may die of a part before it is looked into."""
    settings = {"distributed.scheduler.allowed-failures": 1}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as workers,
        distributed.Client(workers, set_as_default=False) as client,
    ):
        yield client


def assert_same(campaign, tmp_path, whole):
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == data_digest(whole)


def make_all_but_the_last_three(campaign):
    """Spare the others the time."""
    for part in range(campaign.manifest.n_parts - 3):
        assert compute_part(campaign.directory, part).is_new


def assert_only_the_poison_is_lost(path, case):
    results, expected = open_results(path), sweep(case, samples=POISONED)
    others = np.arange(POISONED) != POISON
    assert results.status[POISON] == status.WORKER_LOST
    assert np.isnan(results["mass_lost"][POISON])
    np.testing.assert_array_equal(results.status[others], expected.status[others])
    for name, variable in expected.variables.items():
        np.testing.assert_array_equal(results[name][others], variable.data[others], err_msg=name)


def test_workers_killed_while_running_change_nothing(case, tmp_path, client, whole):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=5)
    killed, reported = [], []

    def kill(done, failed, total, /, *, written):
        reported.append((done, failed, total))
        if done >= 30 * (len(killed) + 1) and len(killed) < 2:
            pid = next(iter(client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    found = campaign.run(client=client, progress=kill)
    assert len(set(killed)) == 2
    assert (found.is_complete, found.samples, found.bad_parts) == (True, SAMPLES, 0)
    assert reported[0] == (0, 0, SAMPLES)
    assert reported[-1] == (SAMPLES, whole.n_failed, SAMPLES)
    assert found.reasons == {"impossible_geometry": whole.n_failed}
    assert list((tmp_path / "c").rglob("*.tmp")) == []
    assert_same(campaign, tmp_path, whole)


def test_a_sample_that_kills_its_worker_is_marked_and_all_others_kept(case, tmp_path, client):
    campaign = Campaign.create(tmp_path / "c", case, samples=POISONED, part_samples=2)
    make_all_but_the_last_three(campaign)
    found = campaign.run(client=client)
    assert found.is_complete
    assert found.reasons["worker_lost"] == 1
    campaign.merge(tmp_path / "x.nc")
    assert_only_the_poison_is_lost(tmp_path / "x.nc", case)


def test_a_sweep_into_memory(case, tmp_path, client, whole, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    results = sweep(case, samples=SAMPLES, client=client, progress=lambda *numbers: seen.append(numbers))
    assert data_digest(results) == data_digest(whole)
    assert seen[-1] == (SAMPLES, whole.n_failed, SAMPLES)
    assert len(seen) > 8  # four parts for each worker
    assert [path.name for path in tmp_path.iterdir()] == ["cracked.toml"]


def test_shards_by_a_cluster_are_the_whole(case, tmp_path, client, whole):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=20)
    for i in (1, 0):
        campaign.run(client=client, shard=(i, 2))
        assert campaign.missing((i, 2)) == []
    assert_same(campaign, tmp_path, whole)


def test_ctrl_c_cancels_what_has_not_begun_and_keeps_the_parts(case, tmp_path, client, whole):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=3)

    def stop(done, failed, total, /, *, written):
        if written:
            raise KeyboardInterrupt

    with pytest.raises(SweepInterrupted):
        campaign.run(client=client, progress=stop, window=4)
    assert 20 <= len(campaign.missing()) < 40
    assert campaign.run(client=client).is_complete
    assert_same(campaign, tmp_path, whole)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_commands_with_workers_of_their_own_interrupted_and_resumed(case, tmp_path, client, whole):
    wanted = ["--part-samples", "5", "-n", str(SAMPLES), "--campaign", "c", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "leakflow.solver", "sweep", "cracked.toml", *wanted],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 100.0
    while not list(tmp_path.glob("c/parts/*/part-*.nc")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: its workers are asked too
    _, err = process.communicate(timeout=60)
    kept = len(Campaign.open(tmp_path / "c").part_paths())
    said = f"interrupted; {5 * kept} of {SAMPLES} samples are in c; leakflow resume c goes on"
    assert (process.returncode, lines(err)) == (130, [said])
    resumed = start("resume", "c", "--scheduler", client.scheduler.address, "-q", cwd=tmp_path)
    out, err = resumed.communicate(timeout=100)
    assert (resumed.returncode, out, err) == (3, "", "")  # some samples are impossible
    assert_same(Campaign.open(tmp_path / "c"), tmp_path, whole)


def pool():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def test_a_pool_whose_processes_die_is_replaced(case, tmp_path, whole):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=10)
    made, killed = [], []

    def factory():
        made.append(pool())
        return made[-1]

    def kill(done, failed, total, /, *, written):
        if written and len(made) == 1 and not killed:
            killed.append(next(iter(made[0]._processes)))
            os.kill(killed[0], signal.SIGKILL)

    found = campaign.run(executor=factory, progress=kill, window=2)
    assert len(made) == 2
    assert found.is_complete
    assert_same(campaign, tmp_path, whole)


@pytest.mark.parametrize("deadly", [[], [0], [99], [50], [3, 4], [0, 37, 99]])
def test_deadly_samples_are_found_by_halving(deadly):
    asked = []

    def survives(first, count):
        asked.append((first, count))
        return not any(first <= sample < first + count for sample in deadly)

    assert find_lost(0, 100, survives) == deadly
    assert len(asked) <= max(2, 20 * len(deadly))
    for sample in deadly:
        assert asked.count((sample, 1)) == 3


def test_a_sample_that_lives_when_tried_again_is_kept():
    tried = []

    def survives(first, count):
        tried.append(first)
        return not (first <= 6 < first + count) or tried.count(6) == 3

    assert find_lost(0, 8, survives) == []


def test_a_machine_that_runs_nothing_is_no_poison():
    with pytest.raises(
        CampaignError, match="more than 32 samples from 0 to 32 kill what runs them; is there"
    ):
        find_lost(0, 1000, lambda first, count: False)


class Answers:
    """A client whose workers answer as they are told to."""

    asynchronous = False

    def __init__(self, answer):
        self.answer = answer

    def wait_for_workers(self, count, timeout):
        assert count == 1

    def run(self, function, directory, token, on_error):
        assert on_error == "return"
        return {"tcp://10.0.0.7:40000": self.answer(function, directory, token)}


def refusal(campaign, answer):
    with pytest.raises(CampaignError) as caught:
        cluster.check_workers(Answers(answer), prepare(campaign.directory))
    (line,) = caught.value.faults
    where = f"{campaign.directory}: worker tcp://10.0.0.7:40000: "
    assert line.startswith(where)
    assert [path.name for path in campaign.directory.iterdir()] == ["manifest.json"]
    return line.removeprefix(where)


def test_workers_that_are_not_fit_are_refused(case, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_SIGHT", 0.1)
    campaign = Campaign.create(tmp_path / "c", case, samples=10, part_samples=5)
    cluster.check_workers(Answers(lambda ask, *where: ask(*where)), prepare(campaign.directory))
    shutil.copytree(tmp_path / "c", tmp_path / "copy")
    numba = provenance.numerics()["packages"]["numba"]

    def other_numba(ask, *where):
        answer = ask(*where)
        packages = answer["numerics"]["packages"] | {"numba": "0.99.0"}
        return answer | {"numerics": answer["numerics"] | {"packages": packages}}

    shared = "; the folder must be on a file system that all workers share, under the same path"
    elsewhere = tmp_path / "elsewhere"
    for answer, said in (
        (other_numba, f"would give other numbers: numerics.packages.numba = {numba} there, 0.99.0 here"),
        (
            lambda ask, _, token: ask(str(elsewhere), token),
            f"does not see the folder: {elsewhere}: no campaign: it has no manifest.json{shared}",
        ),
        (
            lambda ask, _, token: ask(str(tmp_path / "copy"), token),
            f"sees another folder of this name{shared}",
        ),
        (
            lambda *_: ModuleNotFoundError("No module named 'leakflow'"),
            "has no leakflow, or another: No module named 'leakflow'",
        ),
    ):
        assert refusal(campaign, answer) == said


def test_options_that_do_not_go_together_are_refused(case, tmp_path, leakflow):
    sweep_ = ("sweep", "cracked.toml", "-n", 10)
    in_folder = (*sweep_, "--campaign", "c")
    (tmp_path / "a.pem").write_text("")
    tls = ("--tls-ca", "a.pem", "--tls-cert", "a.pem")
    tls_x, all_tls = (*in_folder, "--scheduler", "tls://x:1"), (*tls, "--tls-key", "a.pem")
    for arguments, said in (
        ((*sweep_, "--workers", 2), "--workers: goes with --campaign DIR only"),
        ((*sweep_, "--scheduler", "tcp://x:1"), "--scheduler: goes with --campaign DIR only"),
        ((*in_folder, "--workers", 0), "--workers 0: must be from 1 to 1024"),
        ((*in_folder, "--workers", 2, "--scheduler", "tcp://x:1"), "--scheduler, --workers: one of them"),
        ((*in_folder, "--workers", 2, "--threads", 2), "--threads: goes not with --scheduler and --workers"),
        ((*tls_x, *tls), "--tls-ca, --tls-cert: all of --tls-ca, --tls-cert, --tls-key go with --scheduler"),
        ((*tls_x, *tls, "--tls-key", "b"), "--tls-key b: no such file"),
        ((*tls_x, *all_tls), "a.pem, a.pem, a.pem: cannot be used for TLS: "),
        ((*in_folder, "--scheduler", "tcp://x:1", *all_tls), "--scheduler tcp://x:1: must begin with tls://"),
        ((*in_folder, "--scheduler", "nonsense://x:1"), "scheduler nonsense://x:1: cannot be reached: "),
    ):  # fmt: skip
        code, _, err = leakflow(*arguments)
        assert (code, len(lines(err))) == (2, 1), err
        assert err.startswith(said), err


def test_a_scheduler_that_is_not_there_is_a_line(case, tmp_path, leakflow, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT", 0.5)
    code, _, err = leakflow("sweep", "cracked.toml", "--campaign", "c", "--scheduler", "tcp://127.0.0.1:1")
    assert (code, len(lines(err))) == (2, 1)
    assert err.startswith("scheduler tcp://127.0.0.1:1: cannot be reached: ")


def test_a_scheduler_that_dies_is_a_line(case, tmp_path, monkeypatch):
    """And so are workers of two threads, which nobody replaces, no trouble."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # no poison, which the module's other tests die of
    hub = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard"]
    file = ("--scheduler-file", str(tmp_path / "scheduler.json"))
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "2", "--no-nanny"]
    local = ("--host", "127.0.0.1", "--no-dashboard", "--death-timeout", "60")  # it asks no network who it is
    log = tmp_path / "worker.log"
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    with subprocess.Popen([*hub, "--port", "0", *file], **silent) as scheduler:
        other = None
        try:
            deadline = time.monotonic() + 150.0
            found = tmp_path / "scheduler.json"
            while not (found.exists() and found.read_text().endswith("}")) and time.monotonic() < deadline:
                time.sleep(0.05)
            address = json.loads(found.read_text())["address"]
            # only now: a worker that reads half a file gives up
            with log.open("w") as told:
                other = subprocess.Popen([*worker, *local, address], **{**silent, "stderr": told})
            part = ("-n", "1000000", "--campaign", "c", "--part-samples", "100")
            process = start("sweep", "cracked.toml", *part, "--scheduler", address, cwd=tmp_path)
            while not list(tmp_path.glob("c/parts/*/part-000003.nc")) and time.monotonic() < deadline:
                assert other.poll() is None, log.read_text()
                time.sleep(0.05)
            scheduler.kill()
            _, err = process.communicate(timeout=60)
        finally:
            scheduler.kill()
            if other is not None:
                other.kill()
                other.wait()
    folder = (tmp_path / "c").resolve()
    kept = f"what was finished is kept, leakflow resume {folder} does the rest"
    assert (process.returncode, lines(err)) == (2, [f"{folder}: the scheduler is gone; {kept}"])
    assert len(Campaign.open(tmp_path / "c").part_paths()) >= 3, log.read_text()


def test_without_distributed_a_line_says_what_to_install(case, tmp_path, leakflow, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = leakflow("sweep", "cracked.toml", "-n", 9, "--campaign", "c", "--workers", 2)
    assert (code, lines(err)) == (
        2, ['a cluster needs dask.distributed: python -m pip install "leakflow[dask]"'],
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make certificates")
def test_tls(case, tmp_path, leakflow, whole):
    make = (
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
        "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
    )  # fmt: skip
    subprocess.run(["openssl", *make], cwd=tmp_path, check=True, capture_output=True)
    files = {"tls_ca_file": "cert.pem"}
    for who in ("scheduler", "worker", "client"):
        files |= {f"tls_{who}_cert": "cert.pem", f"tls_{who}_key": "key.pem"}
    places = {name: str(tmp_path / file) for name, file in files.items()}
    security = distributed.Security(require_encryption=True, **places)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, host="127.0.0.1", protocol="tls://",
        security=security, dashboard_address="127.0.0.1:0", silence_logs=50,
    ) as workers:  # fmt: skip
        begin = ("sweep", "cracked.toml", "-n", SAMPLES, "--campaign", "c", "-q")
        address = ("--scheduler", workers.scheduler_address)
        assert address[1].startswith("tls://")
        code, _, err = leakflow(*begin, *address)
        assert (code, len(lines(err))) == (2, 1), err
        tls = ("--tls-ca", "cert.pem", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        assert leakflow(*begin, *address, *tls)[0] == 3
    assert_same(Campaign.open(tmp_path / "c"), tmp_path, whole)


@pytest.mark.parametrize("address", ["foo:", "", "tcp://", "host", "tcp://127.0.0.1:port"])
def test_what_is_no_address_is_said_so(address):
    with pytest.raises(CampaignError, match="is no address"), cluster.connected(address):
        pass
