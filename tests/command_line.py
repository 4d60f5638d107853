"""The command line in a process of its own, and what it prints."""

import subprocess
import sys


def lines(text):
    return text.strip().splitlines()


def start(*arguments, cwd):
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "leakflow.solver", *arguments],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
