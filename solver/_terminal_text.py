"""Text from a case or a file, made harmless before it is shown."""

from __future__ import annotations

__all__ = ["plain"]


def plain(text: str) -> str:
    """Return the text on one line, without control characters or anything else that does not print."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())
