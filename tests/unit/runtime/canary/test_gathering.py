from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trio

from korproxy.config.home import prepare
from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary.gathering import ROUTES, body, commands, files, ids, routes
from korproxy.runtime.canary.house import House
from tests.fakes.raw_upstream import answering, raw_upstream, read_request

ECHO = (sys.executable, "-c", "import sys; print(' '.join(sys.argv[5:]))")  # without --home and --plugins-dir


def house(path: Path) -> House:
    return House(path=path, program=ECHO, key="k")


async def test_every_question_is_asked_with_the_management_key_and_why_of_each_request() -> None:
    asked: list[bytes] = []

    async def serve(stream: trio.abc.Stream) -> None:
        asked.append(await read_request(stream))
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\nsaid " + asked[-1].split()[1])

    with trio.fail_after(10):
        async with raw_upstream(serve) as port:
            found = await routes(port, "m-key", stories_of=["r-1", "r-2"], shapes_of=["r-3"])

    said = {name: [body(each) for each in answer.split(b"\nHTTP")] for name, answer in found.items()}
    assert said["GET /v1/requests/ID/why"] == [b"said /v1/requests/r-1/why", b"said /v1/requests/r-2/why"]
    assert said["GET /v1/diagnostics/bundle?repro=ID"] == [b"said /v1/diagnostics/bundle?repro=r-3"]
    assert said["GET /v1/requests"] == [b"said /v1/requests?limit=1000"]
    assert len(found) == len(ROUTES) + 2
    assert [each for each in asked if b"X-Management-Key: m-key" not in each or b"Authorization" in each] == []


@pytest.mark.code("KP-SYS-542")
async def test_a_question_that_is_not_answered_ends_it() -> None:
    with trio.fail_after(10):
        async with raw_upstream(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
            with pytest.raises(CommandFailed, match=r"answers GET /v1/diagnostics/health with 'HTTP/1.1 400") as caught:
                await routes(port, "m-key", stories_of=[], shapes_of=[])

    assert caught.value.code == "KP-SYS-542"


async def test_what_commands_say_is_kept_by_their_words(tmp_path: Path) -> None:
    found = await commands(house(tmp_path), [("status",), ("logs", "--json")], "running")

    assert found == {"korproxy status, running": b"status\n", "korproxy logs --json, running": b"logs --json\n"}


def test_all_files_that_korproxy_writes_are_in_one_sink_each_and_those_of_its_user_in_none(tmp_path: Path) -> None:
    where = house(tmp_path)
    prepare(where.home)
    texts = {
        "../stdout": "out",
        "../stderr": "err",
        "home/logs/korproxy.jsonl": "log",
        "home/korproxy.db": "db",
        "home/korproxy.db-wal": "wal",
        "home/last-good/1/korproxy.toml": "good",
        "home/reasoning.table": "table",
        "home/korproxy.toml": "mine",
        "home/secrets/client.key": "mine",
    }
    for name, text in texts.items():
        path = tmp_path / name.removeprefix("../")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    assert files(where) == {
        "terminal": b"out\nerr",
        "log files": b"log",
        "database": b"db\nwal",
        "last good configuration": b"good",
        "other files": b"table",
    }


def test_ids_and_bodies_of_answers() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nx-korproxy-request: r-1\r\na: b\r\n\r\nbody", b"HTTP/1.1 400\r\n\r\nx-korproxy-request: no"]

    assert (ids(answers), body(answers[0])) == (["r-1"], b"body")
