from __future__ import annotations

import subprocess
import sys

from korproxy.runtime.foundations import UNUSED

LAID = """
import sys
from korproxy.runtime import foundations
foundations.lay()
"""


def told(program: str) -> str:
    """Return what *program* says in a Python of its own, once the foundations are laid."""
    done = subprocess.run([sys.executable, "-c", LAID + program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_no_daemon_uses_is_not_there() -> None:
    unused = {*UNUSED, "ctypes.util", "tempfile", "shutil", "typing_extensions"}

    assert told(f"print(sorted({unused!r} & set(sys.modules)), 'trio' in sys.modules)") == "[] True"


def test_whoever_wants_it_gets_it() -> None:
    program = """
import ctypes.util, msgspec, subprocess, trio, typing_extensions
async def main():
    done = await trio.run_process([sys.executable, "-c", "print('said')"], capture_stdout=True)
    return done.stdout.decode().strip(), isinstance(done, subprocess.CompletedProcess)
print(trio.run(main), msgspec.toml.decode("a = 1"), msgspec.json.schema(int), bool(typing_extensions.Self))
print(ctypes.util.find_library("c") is not None, trio.DTLSEndpoint.__name__, trio.Process.__name__)
"""
    expected = "('said', True) {'a': 1} {'type': 'integer'} True\nTrue DTLSEndpoint Process"

    assert told(program) == expected


def test_names_that_are_not_ascii_are_still_looked_up() -> None:
    program = """
import trio
async def main():
    try:
        await trio.socket.getaddrinfo("b\\u00fccher.invalid", 80)
    except OSError as exc:
        return type(exc).__name__, "idna" in sys.modules
print(trio.run(main))
"""
    assert told(program) == "('gaierror', True)"


def test_threads_still_have_names_where_the_system_can_tell_them() -> None:
    program = """
import trio
from pathlib import Path
from threading import get_native_id
def name(): return Path(f"/proc/self/task/{get_native_id()}/comm").read_text().strip()
async def main(): return await trio.to_thread.run_sync(name, thread_name="named")
print(trio.run(main) if sys.platform == "linux" else "named")
"""
    assert told(program) == "named"


def test_to_lay_them_twice_changes_nothing() -> None:
    assert told("import trio\nfoundations.lay()\nprint(trio is sys.modules['trio'])") == "True"


def test_a_thread_that_works_for_long_lets_requests_go_on_after_a_millisecond() -> None:
    assert told("print(sys.getswitchinterval())") == "0.001"


def test_threads_take_memory_from_where_the_start_has_left_some() -> None:
    program = """
import ctypes, os
from threading import Thread
thread = Thread(target=lambda: [bytes(1000 + each) for each in range(1000)])
thread.start()
thread.join()
os.dup2(1, 2)
if hasattr(ctypes.CDLL(None), "malloc_stats"):
    ctypes.CDLL(None).malloc_stats()
"""
    assert "Arena 1:" not in told(program)
