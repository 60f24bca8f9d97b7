from __future__ import annotations

import errno
import logging
import os
import stat
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from korproxy.chat.parts import Seal
from korproxy.gateway.provenance import ENTRIES, Origin, Owner, Provenance, digest
from korproxy.runtime import seal_file as module
from korproxy.runtime.seal_file import SealFile, decoded, encoded
from tests.fakes.waiting import until

Logs = list[logging.LogRecord]

WORK = Origin(provider="claude", family="anthropic", account="work")
HOME = Origin(provider="claude", family="anthropic", account="zu Hause")
SECRET = "EqQBCkYIBxgCKkA-what-the-model-thought"
ORIGINS = st.builds(Origin, provider=st.text(max_size=3), family=st.text(max_size=3), account=st.text(max_size=3))
ENTRIES_OF = st.dictionaries(st.binary(min_size=16, max_size=16), ORIGINS, max_size=20)


def seal(data: object) -> Seal:
    return Seal(family="anthropic", data=str(data))


def files_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def start(nursery: trio.Nursery, path: Path) -> Provenance:
    """Start a keeper of *path*; return its table, filled."""
    provenance = Provenance()
    await nursery.start(SealFile(provenance, path).run)
    return provenance


async def live(path: Path, *noted: object) -> Provenance:
    """Live with the file *path* for a moment, note seals of ``WORK``'s in it, and end."""
    async with trio.open_nursery() as nursery:
        provenance = await start(nursery, path)
        for each in noted:
            provenance.note(seal(each), WORK)
        nursery.cancel_scope.cancel()
    return provenance


@given(ENTRIES_OF)
def test_what_was_encoded_is_decoded(entries: dict[bytes, Origin]) -> None:
    found = decoded(encoded(entries))

    assert (list(found), found) == (list(entries), entries)


@given(ENTRIES_OF, st.data())
def test_a_file_that_was_cut_or_changed_at_any_byte_is_known_as_such(entries: dict[bytes, Origin], data: st.DataObject) -> None:
    content = encoded(entries)
    at = data.draw(st.integers(0, len(content) - 1))
    for damaged in (content[:at], content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]):
        with pytest.raises(ValueError, match="it "):
            decoded(damaged)


@given(st.binary(max_size=60))
def test_whatever_stands_in_it_is_read_or_refused(body: bytes) -> None:
    content = module._HEAD + zlib.crc32(body).to_bytes(4, "big") + body
    with suppress(ValueError):
        assert isinstance(decoded(content), dict)


@pytest.mark.parametrize(
    ("digests", "places"), [(b"x" * 15, [0]), (b"x" * 16, [1]), (b"x" * 16, [-1]), (b"x" * 32, [0]), (b"", [0])]
)
def test_parts_that_do_not_fit_together_are_refused(digests: bytes, places: list[int]) -> None:
    table = module._Table(origins=[("a", "b", "c")], digests=digests, places=places)
    body = msgspec.msgpack.encode(table)

    with pytest.raises(ValueError, match="do not fit together"):
        decoded(module._HEAD + zlib.crc32(body).to_bytes(4, "big") + body)


def test_a_full_table_is_about_a_megabyte() -> None:
    entries = {digest(seal(number)): (WORK, HOME)[number % 2] for number in range(ENTRIES)}

    assert len(encoded(entries)) < 1024**2


async def test_what_was_known_is_known_after_a_new_start(tmp_path: Path) -> None:
    file = tmp_path / "reasoning.table"
    await live(file, "a", "b")
    async with trio.open_nursery() as nursery:
        provenance = await start(nursery, file)
        known = [Owner(provenance, each)(seal("a")) for each in (WORK, HOME)]
        nursery.cancel_scope.cancel()

    assert (known, len(provenance)) == ([True, False], 2)


async def test_the_file_is_its_owners_and_holds_neither_seals_nor_content(tmp_path: Path) -> None:
    file = tmp_path / "reasoning.table"
    await live(file, SECRET)

    content = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(SECRET[at : at + 6].encode() in content for at in range(len(SECRET) - 5))
    assert list(decoded(content).items()) == [(digest(seal(SECRET)), WORK)]
    assert files_in(tmp_path) == ["reasoning.table"]


@given(st.data())
def test_cut_at_any_byte_it_starts_without_it_and_sets_it_aside(data: st.DataObject) -> None:
    content = encoded({digest(seal(each)): WORK for each in range(3)})
    cut = data.draw(st.integers(0, len(content) - 1))
    with TemporaryDirectory() as folder, quiet():
        file = Path(folder) / "reasoning.table"
        file.write_bytes(content[:cut])
        provenance = trio.run(live, file)

        assert len(provenance) == 0
        assert [(each.name, each.read_bytes()) for each in Path(folder).iterdir()] == [(f"{file.name}.damaged", content[:cut])]


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing be logged: a fixture that announces it cannot be taken with ``given``."""

    def nothing(record: logging.LogRecord) -> bool:
        del record
        return False

    module.log.addFilter(nothing)
    try:
        yield
    finally:
        module.log.removeFilter(nothing)


async def test_a_damaged_file_is_named_in_the_log(tmp_path: Path, expected_logs: Logs) -> None:
    file = tmp_path / "reasoning.table"
    file.write_bytes(b"korproxy reasoning table 2\n")
    await live(file, "a")

    assert [each.getMessage() for each in expected_logs] == [
        f"{file} cannot be used (it does not begin like one of this version): it is set aside as reasoning.table.damaged,"
        " and KorProxy starts without it"
    ]
    assert len(decoded(file.read_bytes())) == 1


async def test_a_file_that_cannot_be_read_costs_nothing_else(tmp_path: Path, expected_logs: Logs) -> None:
    file = tmp_path / "reasoning.table"
    file.mkdir()

    assert len(await live(file)) == 0
    assert [each.getMessage() for each in expected_logs] == [
        f"{file} cannot be read ({os.strerror(errno.EISDIR)}): KorProxy starts without it"
    ]


async def test_it_is_written_every_few_seconds_where_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    file = tmp_path / "reasoning.table"
    written: list[int] = []
    monkeypatch.setattr(module, "write_privately", lambda _, content: written.append(len(decoded(content))))
    async with trio.open_nursery() as nursery:
        provenance = await start(nursery, file)
        for number in (1, 2):
            provenance.note(seal(number), WORK)
            provenance.note(seal(number), WORK)
            await until(lambda: written[-1:] == [number])  # noqa: B023 -- waited for here and now
        await trio.sleep(0.1)  # many times EVERY
        nursery.cancel_scope.cancel()

    assert written == [1, 2]


async def test_a_disk_that_is_full_is_named_once_and_tried_again(monkeypatch: pytest.MonkeyPatch, expected_logs: Logs) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    tries: list[bytes] = []

    def full(path: Path, content: bytes) -> None:
        tries.append(content)
        if len(tries) < 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "write_privately", full)
    async with trio.open_nursery() as nursery:
        provenance = await start(nursery, Path("/nowhere/reasoning.table"))
        provenance.note(seal("a"), WORK)
        await until(lambda: len(tries) == 4)
        nursery.cancel_scope.cancel()

    assert [each.getMessage() for each in expected_logs] == [
        "KP-SYS-504: cannot write /nowhere/reasoning.table: No space left on device; what it should hold is kept in memory"
    ]


async def test_the_end_does_not_wait_for_a_disk_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    awake = threading.Event()
    monkeypatch.setattr(module, "LAST_WRITE", 0.05)
    monkeypatch.setattr(module, "write_privately", lambda *_: awake.wait(20))
    try:
        with trio.fail_after(5):
            await live(tmp_path / "reasoning.table", "a")
    finally:
        awake.set()

    assert files_in(tmp_path) == []
