from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from korproxy.cli.insight.planted import canary
from korproxy.runtime.canary import proof


@pytest.mark.parametrize(("redaction", "module"), [(True, "korproxy"), (False, "korproxy.cli.insight.bare")])
def test_the_program_that_is_proven_is_this_one(redaction: bool, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def prove(program: Sequence[str]) -> proof.Proof:
        assert program == (sys.executable, "-m", module)
        return proof.Proof(plants=(), sinks={}, findings=[], missing=[], spoken=[], seconds=0.0)

    monkeypatch.setattr(proof, "prove", prove)

    assert canary(redaction=redaction)["ok"] is True
