"""Who may write to a folder: one process at a time, and others learn which.

A lock is a file in the folder that its holder has locked (flock), not one that is merely there: so
however the holder ends, the folder is free again. The file says who holds it, for whoever comes
second. On systems and file systems without flock nobody is kept out.

Not inside: what is written (`files`).
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from digitus.errors import OutputError
from digitus.files import make_folder, not_written

NAME = ".lock"
WITHOUT_LOCKS = errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP  # file systems that know none
LONGEST_HOLDER = 200  # bytes of the file that are shown: it may be a stranger's


@contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Keeps others out of a folder, who are told `what` is going on there.

    Raises `OutputError` where somebody else is there already, or the folder cannot be used.
    """
    path = folder / NAME
    try:
        descriptor = _lock(path)
        if descriptor is None:
            why = f"is in use by {_holder(path)}; end that first, or use another folder"
            raise OutputError(f"{folder} {why}", "in-use")
    except OSError as error:
        raise not_written(folder, error, "use") from None
    try:
        # On a full disk the others learn less, and are kept out all the same.
        with suppress(OSError):
            since = datetime.now().strftime("%Y-%m-%d %H:%M")
            holder = f"{what}, process {os.getpid()} on {socket.gethostname()} since {since}"
            os.truncate(descriptor, 0)
            os.write(descriptor, holder.encode("utf-8", "replace"))
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before the lock is released, so that nobody else's file is removed
        os.close(descriptor)


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """As `locked`, in a folder that is made where there is none.

    If what is done there fails before it leaves anything, no empty folder is left. Raises
    `OutputError`.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise not_written(folder, error) from None
    try:
        with locked(folder, what):
            yield
    except Exception:
        with suppress(OSError):
            folder.rmdir()
        raise


def _lock(path: Path) -> int | None:
    """The descriptor of a file that this process has locked; None where another process has."""
    try:
        import fcntl
    except ImportError:
        return os.open(path, os.O_RDWR | os.O_CREAT)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have removed it just now.
            if os.fstat(descriptor).st_ino == _inode(path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            if error.errno in WITHOUT_LOCKS:
                return descriptor
            os.close(descriptor)
            raise
        os.close(descriptor)


def _holder(path: Path) -> str:
    """What the file says of its holder, who may just have let it go."""
    with suppress(OSError), path.open("rb") as file:
        text = file.read(LONGEST_HOLDER).decode("utf-8", "replace")
        return "".join(c for c in text if c.isprintable()) or "another process"
    return "another process"


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
