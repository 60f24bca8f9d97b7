"""What is done with each gateway, as data."""

from __future__ import annotations

import attrs

from tests.bench import asking
from tests.bench.gateways import DIRECT, KORPROXY, NGINX, Gateway

GAP_MS = 10  # between two events of a paced stream: 100 a second
EVENTS = 500  # of a stream that comes as fast as it is taken
LARGE = 124_000  # bytes of a conversation with an agent that has read some files
HUGE = 8_000_000


@attrs.frozen(kw_only=True)
class Case:
    """One kind of work.

    Attributes:
        prompt: What the mock is to do, in its words (native/mock.c).
        size: Bytes of the body; 0: a small one.
        mode: What the clients are to do (native/load.c).
        seconds: How long, in a full run.
        count: How many requests; 0: as many as fit.
        warmup: Requests before those that count, for each connection.
        only: The gateways that can do it, or where it says something.
    """

    name: str
    connections: int = 1
    prompt: str = ""
    stream: bool = False
    messages: bool = False
    size: int = 0
    mode: str = "whole"
    seconds: float = 2.0
    count: int = 0
    warmup: int = 4
    only: tuple[str, ...] = ()

    def request(self, gateway: Gateway) -> bytes:
        """Return the request as *gateway* wants it."""
        body = (asking.messages if self.messages else asking.chat)(self.prompt, stream=self.stream, size=self.size)
        return asking.post(asking.MESSAGES if self.messages else asking.CHAT, body, gateway.headers)

    def fits(self, gateway: Gateway) -> bool:
        """Whether it is done with *gateway*."""
        return not self.only or gateway.name in self.only


FAST = f"events={EVENTS}"
PACED = f"events=1000000 gap={GAP_MS}"
CASES = (  # streams that are cut come last: some gateways are long busy with what is left of them
    Case(name="chat_1", warmup=100),
    Case(name="chat_10", connections=10, warmup=20),
    Case(name="chat_64", connections=64),
    Case(name="large", size=LARGE, warmup=10, seconds=1.0),
    Case(name="huge", size=HUGE, warmup=1, count=5),
    Case(name="first_byte", stream=True, prompt="events=10", warmup=50, seconds=1.0),
    Case(name="stream", connections=10, stream=True, prompt=FAST, mode="cut", warmup=1),
    Case(name="paced", connections=200, stream=True, prompt=PACED, mode="cut", warmup=0, seconds=5.0),
    Case(name="translated", connections=64, messages=True, only=(KORPROXY,)),
    Case(
        name="translated_stream",
        connections=10,
        messages=True,
        stream=True,
        prompt=FAST,
        mode="cut",
        warmup=1,
        only=(KORPROXY,),
    ),
    Case(
        name="cancel",
        connections=2,
        stream=True,
        prompt="events=1000 burst=5 gap=60000 stream-000000",
        mode="cancel",
        count=100,
        warmup=0,
        only=(KORPROXY, NGINX, DIRECT),
    ),
)
