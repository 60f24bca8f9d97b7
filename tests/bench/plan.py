"""How much is measured, what all rounds share, and what comes out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import attrs

from tests.bench.compiled import Programs
from tests.bench.figures import Round
from tests.bench.gateways import Gateway
from tests.bench.processes import Running


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        hurry: What the seconds of each case are multiplied by.
        peers: What KorProxy is compared with.
        peer_dir: Where those are set up that do not come with the system.
    """

    rounds: int
    hurry: float
    peers: Sequence[str]
    peer_dir: Path
    short: bool


@attrs.define(kw_only=True)
class Measured:
    """What came out.

    Attributes:
        versions: Of the gateways beside KorProxy that could be started, in the order of the table.
        not_measured: What failed, and why.
    """

    rounds: list[Round] = attrs.field(factory=list)
    versions: dict[str, str] = attrs.field(factory=dict)
    not_measured: dict[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Bench:
    """What all rounds share.

    Attributes:
        others: The gateways beside KorProxy.
        not_measured: What failed, by gateway and case, and why; it is not tried again.
    """

    programs: Programs
    mock: Running
    folder: Path
    hurry: float
    others: Sequence[Gateway] = ()
    not_measured: dict[str, str] = attrs.field(factory=dict)

    @property
    def upstream(self) -> str:
        """Where the mock is."""
        url: str = self.mock.said["url"]
        return url


def say(text: str) -> None:
    """Tell who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
