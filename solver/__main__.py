"""The process ``leakflow``, or ``python -m leakflow.solver``."""

from __future__ import annotations

import atexit
import gc

from ._interrupts import stop_at_once

__all__ = ["main"]


def main() -> None:
    """Run the command line, ready for Ctrl-C before any slow import; the entry point of ``leakflow``."""
    stop_at_once()
    # or the interpreter would look through all of Numba for cycles at its end, for a third of a run's time
    atexit.register(gc.freeze)
    from .cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
