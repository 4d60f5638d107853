"""One line for whoever starts the same campaign twice on one machine.

The lock is a courtesy, no safeguard: parts are renamed into place whole, and two processes that make one
part write the same bytes, so nothing is lost where locks do not work, as on some network folders. The system
drops the lock with the process, however that ends.

All who compute share the folder's lock; a whole run takes it alone, a shard with others, and each shard has
one of its own, which it takes alone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import CampaignError, ResultsError

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

__all__ = ["at_work"]

_FREE_OF_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@contextmanager
def at_work(directory: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Hold a campaign while its parts are made.

    Parameters
    ----------
    directory : Path
    shard : tuple of int, optional
        Number and count, of a shard; without it the whole campaign is held.

    Raises
    ------
    CampaignError
        Another process on this machine is at it.
    ResultsError
        The folder takes no files.
    """
    with ExitStack() as held:
        alone = shard is None
        if not _lock(directory / ".lock", held, alone=alone):
            raise CampaignError(
                f"{directory}: another process is at work on it; see leakflow status {directory}"
            )
        if shard is not None and not _lock(directory / f".lock-{shard[0]}-of-{shard[1]}", held, alone=True):
            raise CampaignError(f"{directory}: another process is at work on shard {shard[0]}/{shard[1]}")
        yield


def _lock(path: Path, held: ExitStack, *, alone: bool) -> bool:
    """Lock a file; False if another process has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ResultsError(f"{path.parent}: cannot be written: {error.strerror or error}") from error
    held.callback(os.close, descriptor)
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _FREE_OF_LOCKS:
            raise ResultsError(f"{path}: cannot be locked: {error.strerror or error}") from error
    return True
