from __future__ import annotations

import sys
from pathlib import Path

from korproxy.cli.insight import bare
from korproxy.gateway.redact import Redactor
from tests.fakes.process import daemon

MODULE = bare.__name__
KEY = "sk-ant-api03-" + "Ab3" * 20
PLUGIN = f"""
import logging
from korproxy.api import hookimpl


class Talker:
    name = "talker"

    async def run(self, *, task_status):
        logging.getLogger("planted").warning("it is {KEY}")
        task_status.started()


@hookimpl
def korproxy_collectors(settings):
    logging.getLogger("planted").warning("early: {KEY}")
    return []


@hookimpl
def korproxy_services(settings):
    return [Talker()]
"""


def said(home: Path, *command: str) -> str:
    folder = home / "plugins"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "talker.py").write_text(PLUGIN)
    with daemon(home, "--plugins-dir", str(folder), command=[sys.executable, "-m", *command, "run"]) as running:
        running.ask_to_stop()
        assert running.wait() == 0
    return "".join(running.log)


def test_nothing_is_hidden_by_it_and_all_else_is_as_ever(home: Path) -> None:
    bare, ours = said(home / "one", MODULE), said(home / "two", "korproxy")

    assert (f"early: {KEY}" in bare, f"it is {KEY}" in bare) == (True, True)
    assert (KEY in ours, "early: ***REDACTED***" in ours, "it is ***REDACTED***" in ours) == (False, True, True)


def test_to_import_it_changes_nothing() -> None:
    assert Redactor().redact.__name__ == "redact"
