"""Ctrl-C: ends the process with one line at once, but where something may have to be kept or put away.

Loaded before all else, so it imports next to nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["INTERRUPTED", "held_back", "interruptible", "stop_at_once", "unheard"]

#: Exit code after Ctrl-C.
INTERRUPTED = 130
_ASKED_TO_END = ("SIGTERM", "SIGHUP")
# set where leakflow is the program; as a library it leaves the signals to whoever uses it
_is_own_process = False


def stop_at_once() -> None:
    """Let Ctrl-C end the process with a line and its exit code, wherever it is.

    A KeyboardInterrupt in the middle of an import ends in a traceback, or in what the library makes of it.
    A Ctrl-C that is ignored (``nohup``, a background job) stays ignored.
    """
    global _is_own_process
    _is_own_process = True
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt at Ctrl-C inside, so that work can be kept and temporary files removed.

    The same where the system or a scheduler asks the process to end, or its terminal is closed, unless these
    signals are ignored (``nohup``).
    """
    before: dict[int, Any] = {}
    if _is_own_process:
        if signal.getsignal(signal.SIGINT) is _stop:
            before[signal.SIGINT] = _stop
        for name in _ASKED_TO_END:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.SIG_DFL
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Let a KeyboardInterrupt wait for the end of what must not be cut, as the start of processes."""
    noted: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", *_ASKED_TO_END):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.default_int_handler:
                before[number] = signal.signal(number, lambda number, _: noted.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if noted:
        raise KeyboardInterrupt


@contextmanager
def unheard() -> Iterator[None]:
    """Keep Ctrl-C in a terminal, which reaches all of its processes, from those of threads started inside."""
    mask = getattr(signal, "pthread_sigmask", None)  # not on Windows
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


def _stop(number: int, frame: FrameType | None) -> None:
    os.write(2, b"interrupted; nothing was kept\n")
    os._exit(INTERRUPTED)
