"""The running daemon as seen from another process: whether there is one, what it says, and how to end it.

The lock is the truth, ``daemon.json`` only says whose it is: after a crash the file is still there, and its process id may
belong to something else by now. Nobody is signalled whose lock is not held.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from korproxy.errors.exceptions import CommandFailed
from korproxy.models.accounts import Secret

PATIENCE = 5.0  # seconds the daemon gets for each step of an answer
POLL = 0.05  # seconds between two looks at the lock
MOST = 16 * 1024**2  # bytes of an answer
IN_ITS_WORDS = {400, 404, 409, 422, 503}  # statuses of errors that say what is wrong with the question, or missing
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to reach a daemon that is bound to every address


_REFERENCE = re.compile(r"\s*\[KP-[A-Z]+-\d{3}: \S*\]$")  # what stands behind the message for clients of the API


def is_locked(lock: Path) -> bool:
    """Whether a process holds *lock*, as the daemon does for as long as it runs."""
    try:
        file = lock.open("rb")
    except OSError:
        return False
    with file:
        try:
            _try(file)
        except OSError:
            return True
    return False


def read(file: Path, lock: Path) -> Mapping[str, object] | None:
    """Return what the running daemon wrote into *file*, None if none holds *lock* or it has not written yet."""
    if not is_locked(lock):
        return None
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def get(url: str, path: str, key: Secret) -> Mapping[str, object]:
    """GET *path* of the daemon at *url* with the management *key*; the rest as ``talk``."""
    return talk(url, "GET", path, key)


def talk(
    url: str,
    method: str,
    path: str,
    key: Secret,
    data: Mapping[str, object] | None = None,
    *,
    patience: float = PATIENCE,
    fine: Collection[int] = (200,),
) -> Mapping[str, object]:
    """Ask the daemon at *url* with the management *key*, and return the JSON object that it answered.

    Args:
        data: Sent as JSON.
        patience: Seconds the daemon gets for each step of its answer.
        fine: The statuses of answers that are no errors.

    Raises:
        CommandFailed: KP-SYS-520: it did not answer in time, or not as it should; the daemon's own code where it answered that
            there is something wrong with what it was asked, or that it cannot say it now.
    """
    import http.client

    body = None if data is None else json.dumps(data).encode()
    headers = {"X-Management-Key": key.reveal(), "Accept": "application/json", "Content-Type": "application/json"}
    try:
        where = urlsplit(url)
        host = ANYWHERE.get(where.hostname or "", where.hostname or "")
        with closing(http.client.HTTPConnection(host, where.port, timeout=patience)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            got = answer.read(MOST)
    except TimeoutError:
        raise silent(url, f"nothing came within {patience:g} s") from None
    except (OSError, ValueError, http.client.HTTPException) as exc:  # ValueError: an address that is none
        raise silent(url, f"{type(exc).__name__}: {exc}") from exc
    found = _parsed(got)
    if answer.status in fine and isinstance(found, dict):
        return found
    if answer.status in fine:
        raise silent(url, f"{method} {path} was not answered with {'JSON' if found is None else 'a JSON object'}")
    error = _error(found)
    if error and answer.status in IN_ITS_WORDS:
        raise CommandFailed(*error)
    words = f" ({error[0]}: {error[1]})" if error else ""
    raise silent(url, f"{method} {path} was answered with status {answer.status}{words}")


def stop(pid: int, lock: Path, seconds: float) -> None:
    """Ask the daemon with *pid* to end and wait until it has let go of *lock*.

    Raises:
        CommandFailed: KP-SYS-512: it may not be signalled, or still runs after *seconds*.
    """
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        if not is_locked(lock):
            return  # it ended by itself a moment ago
        raise not_stopped(f"there is no process {pid} here, yet {lock} is held; perhaps it runs in a container") from None
    except PermissionError:
        raise not_stopped(f"process {pid} belongs to another user; stop it as that user") from None
    if not wait_until_free(lock, seconds):
        advice = f"`korproxy stop` once more ends running answers at once; if that does not help, `kill -9 {pid}` does"
        raise not_stopped(f"process {pid} still runs after {seconds:g} s; {advice}")


def wait_until_free(lock: Path, seconds: float) -> bool:
    """Wait up to *seconds* for *lock* to be released; whether it was."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while is_locked(lock):
        if time.monotonic() >= end:
            return False
        pause.wait(POLL)
    return True


def silent(where: str, why: str) -> CommandFailed:
    """Return the error of a daemon that runs and does not answer; *where* is its address, or the file that should have it."""
    return CommandFailed("KP-SYS-520", f"The daemon at {where} runs, but does not answer as it should: {why}")


def not_stopped(why: str) -> CommandFailed:
    """Return the error of a daemon that was to end and runs on."""
    return CommandFailed("KP-SYS-512", f"The daemon was not stopped: {why}")


def _try(file: IO[bytes]) -> None:
    """Take the lock on *file*; ``OSError`` where it is held. Closing the file lets go of it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two commands at once do not see each other


def _parsed(body: bytes) -> Any:
    """Return what *body* is as JSON; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error(found: Any) -> tuple[str, str] | None:
    """Return the code and the message, if *found* is an error of ours."""
    error = found.get("error") if isinstance(found, dict) else None
    match error:
        case {"code": str(code), "message": str(message)}:
            return code, _REFERENCE.sub("", message)
    return None
