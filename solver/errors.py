"""What can go wrong, as a user sees it: one line for each fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "ArgumentError",
    "CampaignError",
    "CaseError",
    "Fault",
    "FaultsError",
    "Key",
    "LeakflowError",
    "NoEvidenceError",
    "ResultsError",
]

Key = tuple[str | int, ...]


class LeakflowError(Exception):
    """Base of every error that leakflow raises on purpose."""


class CaseError(LeakflowError):
    """A case that cannot be run.

    Attributes
    ----------
    faults : list of str
        Every fault found, one line each, such as
        ``prk.toml: volumes.tunnel.volume = -3: must be greater than 0 m^3``.
    """

    def __init__(self, faults: str | Iterable[str]) -> None:
        """Take one line or several."""
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


class CampaignError(LeakflowError):
    """A campaign that cannot be made, opened or gone on with.

    Attributes
    ----------
    faults : list of str
        One line each, such as ``prk: samples = 100: there are 2,000 already``.
    """

    def __init__(self, faults: str | Iterable[str]) -> None:
        """Take one line or several."""
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))

    def __reduce__(self) -> tuple[type[CampaignError], tuple[list[str]]]:
        """Travel whole between processes."""
        return type(self), (self.faults,)


class ArgumentError(LeakflowError, ValueError):
    """An argument that is no such quantity, or out of its range; one line.

    Attributes
    ----------
    argument : str
        Its name.
    text : str
        The value that was given, and what is allowed.
    """

    def __init__(self, argument: str, text: str) -> None:
        """Take the argument's name, and the rest of the line."""
        self.argument, self.text = argument, text
        super().__init__(f"{argument}{text}")


class ResultsError(LeakflowError):
    """A results file that cannot be written or read; the message is one line."""


class EnvironmentVariableError(LeakflowError):
    """A variable of the environment that is no such setting; the message is one line."""


class NoEvidenceError(LeakflowError):
    """A hypothesis has no evidence: its likelihood is zero, or its sampling was stopped too soon.

    Attributes
    ----------
    zero : bool
        Whether the likelihood is zero wherever it was looked, and so the evidence.
    """

    def __init__(self, text: str, *, zero: bool) -> None:
        """Take the line, and whether the evidence is zero or merely not known."""
        self.zero = zero
        super().__init__(text)


class Fault(NamedTuple):
    """One fault of a case, before it becomes a line.

    Attributes
    ----------
    key : tuple of str or int
        Where it is, from the section inwards.
    text : str
        What is allowed.
    value : object
        What was found there; ``None`` where nothing was.
    """

    key: Key
    text: str
    value: object = None

    def under(self, prefix: Key) -> Fault:
        """Give the same fault seen from ``prefix`` levels further out."""
        return self._replace(key=(*prefix, *self.key))


class FaultsError(ValueError):
    """Several faults at once; a ``ValueError``, so that pydantic collects it with the others."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults in the order to report them."""
        self.faults = list(faults)
        super().__init__("; ".join(fault.text for fault in self.faults))
