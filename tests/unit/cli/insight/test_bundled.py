from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from korproxy.api import CommandFailed
from korproxy.cli.insight.bundled import bundle
from tests.fakes.daemon import answering, answering_each
from tests.fakes.steered import cli, furnished
from tests.unit.runtime.test_bundle_schema import mistakes

ERROR = {"error": {"code": "KP-SYS-539", "message": "No shape. [KP-SYS-539: http://x/errors]"}}


def made(home: Path, **asked: str) -> dict[str, Any]:
    return dict(bundle(cli(home), **asked))


def test_the_running_daemon_is_asked(home: Path) -> None:
    answers = {
        "GET /healthz": {"status": "ok"},
        "GET /v1/diagnostics/bundle": {"asked": "daemon"},
        "GET /v1/diagnostics/bundle?repro=a%2Fb": {"asked": "it"},
    }
    with answering_each(home, answers):
        found = made(home), made(home, repro="a/b")

    assert found == ({"asked": "daemon"}, {"asked": "it"})


def test_without_a_daemon_the_disk_says_what_it_knows(home: Path) -> None:
    furnished(home)
    found = made(home)

    assert mistakes(found) == []
    assert (found["asked"], found["korproxy"]["status"], found["supervision"]) == ("files", "not running", None)
    assert found["remarks"][0] == "No daemon runs with this home: this is what is on the disk."
    assert [each["id"] for each in found["providers"]] == ["one", "two"]
    nothing = {"last_success": None, "last_error": None}
    assert found["providers"][0]["accounts"] == [{"name": "work", "state": "no key", **nothing}]
    assert found["configuration"]["files"]["settings"]["providers"]["one"]["type"] == "compatible"
    assert found["system"]["os"]
    assert not (home / "korproxy.db").exists()


@pytest.mark.parametrize(("status", "body"), [(200, b"no JSON"), (404, json.dumps(ERROR).encode()), (500, b"{}")])
def test_of_a_daemon_that_does_not_answer_the_disk_tells(home: Path, status: int, body: bytes) -> None:
    furnished(home)
    with answering(home, body, status=status):
        found = made(home)

    assert (found["asked"], found["korproxy"]["status"]) == ("files", "silent")
    assert found["remarks"][0].startswith("The daemon did not answer, so this is what is on the disk: ")


def test_a_configuration_that_cannot_be_used_is_told_with_its_mistakes(home: Path) -> None:
    furnished(home, "port = [")
    found = made(home)

    assert [each["code"] for each in found["configuration"]["problems"]] == ["KP-CONF-201"]
    assert mistakes(found) == []


@pytest.mark.code("KP-SYS-539")
def test_without_a_daemon_there_are_no_shapes(home: Path) -> None:
    furnished(home)
    with pytest.raises(CommandFailed) as caught:
        made(home, repro="r-1")

    assert caught.value.code == "KP-SYS-539"
    assert str(caught.value) == f"No daemon runs with home {home}; only a running one has shapes of requests."


def test_what_is_wrong_with_the_question_is_passed_on(home: Path) -> None:
    with answering(home, json.dumps(ERROR).encode(), status=404), pytest.raises(CommandFailed) as caught:
        made(home, repro="r-1")

    assert (caught.value.code, str(caught.value)) == ("KP-SYS-539", "No shape.")
