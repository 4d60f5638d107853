"""What several tests use."""

import signal

import pytest
from typer.testing import CliRunner

from leakflow.solver.cli import app

# A job in the background of a shell ignores Ctrl-C, and so would every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def warm():
    """Have all kernels compiled: the first command would say on standard error that it compiles."""
    from leakflow.solver.warmup import compile_kernels

    return compile_kernels()


@pytest.fixture
def leakflow(tmp_path, monkeypatch, warm):
    """Run a command in an empty folder; return its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return call
