"""The process ``leakflow``, or ``python -m leakflow.solver``."""

from __future__ import annotations

from ._interrupts import stop_at_once

__all__ = ["main"]


def main() -> None:
    """Run the command line, ready for Ctrl-C before any slow import; the entry point of ``leakflow``."""
    stop_at_once()
    from .cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
