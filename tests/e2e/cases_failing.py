"""Cases that go wrong: at the provider, with our key, in mid-stream, or because the program leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
import trio
from google.genai import errors as google

from tests.e2e.cases import case
from tests.e2e.cases_tools import TOOLS
from tests.e2e.cells import ALL, BOTH, STREAMED, STREAMED_BLOCKING, WHOLE, Cell
from tests.fakes.waiting import until

FIRE = "It is on fire: größer"


# What a format calls them.
KINDS: Mapping[str, Mapping[int, str]] = {
    "openai": {429: "rate_limit_error", 500: "server_error"},
    "responses": {429: "rate_limit_error", 500: "server_error"},
    "anthropic": {429: "rate_limit_error", 500: "api_error"},
    "google": {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"},
}


@attrs.frozen(kw_only=True)
class Told:
    """An error as a program reads it in what its SDK raised."""

    status: int
    code: str | None
    kind: str
    message: str
    headers: Mapping[str, str]
    retry_delay: str | None


def told(error: Any) -> Told:
    """Read *error*, of whichever SDK: status, KP code, and the error object, whose place differs."""
    of_google = isinstance(error, google.APIError)
    body = error.details if of_google else error.body
    said = body.get("error", body)
    headers = error.response.headers
    return Told(
        status=error.code if of_google else error.status_code,
        code=headers.get("x-korproxy-error"),
        kind=said.get("type") or said.get("status"),
        message=said["message"],
        headers=headers,
        retry_delay=next((each["retryDelay"] for each in said.get("details") or () if "retryDelay" in each), None),
    )


@case("429", ways=ALL)
async def a_rate_limit_says_how_long_to_wait(cell: Cell) -> None:
    with pytest.raises(cell.tool.errors.rate_limit) as caught:
        await cell.alone.say(cell.user("{{mock: status=429 retry-after=7}}"))

    error = told(caught.value)
    words = {"claude": "rate limit", "gemini": "exceeded your current quota"}.get(cell.provider, "Rate limit reached")
    assert (error.status, error.code, words in error.message) == (429, "KP-RATE-401", True)
    if cell.crosses:
        assert error.kind == KINDS[cell.sdk][429]
    if cell.sdk == "google":  # Google says it in the body, and nobody else does it for it where bytes pass
        assert error.retry_delay == "7s"
    else:
        assert error.headers["retry-after"] == "7"
    assert cell.arrival().story == [("user", "text", "{{mock: status=429 retry-after=7}}")]


@case("500")
async def a_provider_that_fails(cell: Cell) -> None:
    with pytest.raises(cell.tool.errors.server) as caught:
        await cell.alone.say(cell.user(f'{{{{mock: status=500 message="{FIRE}"}}}}'))

    error = told(caught.value)
    assert (error.status, error.code, error.message) == (500, "KP-PROV-102", FIRE)
    if cell.crosses:
        assert error.kind == KINDS[cell.sdk][500]
    assert len(cell.arrivals()) == 1


@case("500")
async def a_provider_that_has_too_much_to_do(cell: Cell) -> None:
    status = 529 if cell.provider == "claude" else 503
    with pytest.raises(cell.tool.errors.status) as caught:
        await cell.alone.say(cell.user(f'{{{{mock: status={status} message="{FIRE}"}}}}'))

    error = told(caught.value)
    expected = (529 if cell.sdk == "anthropic" else 503) if cell.crosses else status  # Anthropic alone has that number
    assert (error.status, error.code, error.message) == (expected, "KP-PROV-103", FIRE)


@case("provider refuses our key")
async def our_key_is_not_the_programs_fault(cell: Cell) -> None:
    refused = attrs.evolve(cell, model=attrs.evolve(cell.model, asked=f"refused-{cell.provider}/{cell.model.upstream}"))
    eager = attrs.evolve(cell.program, tool=attrs.evolve(cell.tool, retries=None))
    with pytest.raises(cell.tool.errors.server, match="KP-AUTH-007") as caught:
        await eager.say(refused.wish(cell.user("hello")), streamed=cell.way.streamed)

    error = told(caught.value)
    received = cell.stage.mock.only_request()  # so the SDK did not try again
    assert (error.status, error.code) == (502, "KP-AUTH-007")
    assert f"refused-{cell.provider} answered {received.about['status']}" in error.message
    assert "it does not accept the key of account 'old'" in error.message
    assert received.about["status"] == (400 if cell.provider == "gemini" else 401)


async def heard_until_it_broke(cell: Cell, prompt: str, match: str) -> str:
    """Stream the answer to *prompt*, which has to break off with an error that says *match*; return what came before."""
    heard: list[str] = []
    with pytest.raises(cell.tool.errors.stream, match=match) as caught:
        await cell.tool.ask(prompt, model=cell.model.asked, streamed=True, heard=heard)
    assert not isinstance(caught.value, cell.tool.errors.connection)  # it was told, not just hung up
    return "".join(heard)


@case("cut stream", ways=(STREAMED, STREAMED_BLOCKING))
async def a_stream_that_is_cut_is_an_error(cell: Cell) -> None:
    for how in ("cut-after=5", "cut-after=5 cut=rst", "cut-after=5 cut-inside", "cut-after=5 split=every-byte"):
        heard = await heard_until_it_broke(cell, f"{{{{mock: words=9 {how}}}}}", "KP-NET-309")
        assert ("alpha beta größer delta été зета ".startswith(heard), heard[:6]) == (True, "alpha ")


@case("cut stream", ways=(STREAMED,))
async def a_stream_without_its_end_is_an_error(cell: Cell) -> None:
    # OpenAI's end is the finish reason or [DONE]: both have to be missing. Gemini's is the finish reason.
    missing = "no-terminal" if cell.provider == "claude" else "no-terminal stop=null"
    heard = await heard_until_it_broke(cell, f"{{{{mock: words=3 {missing}}}}}", "KP-NET-309")

    assert heard == ("alpha beta " if cell.provider == "gemini" else "alpha beta größer ")  # its last event has text, too


@case("cut stream", ways=(STREAMED,))
async def a_call_that_is_cut_is_never_made(cell: Cell) -> None:
    """The SDK's helper must not return a call whose arguments did not all come."""
    place = {"claude": 5, "gemini": 1}.get(cell.provider, 3)
    long = "x" * 60
    text = "text=alpha" if cell.provider == "gemini" else ""  # its calls come whole, so it is cut in front of one
    prompt = f"""{{{{mock: {text} cut-after={place} tool=get_weather args='{{"city":"{long}"}}'}}}}"""
    with pytest.raises(cell.tool.errors.stream, match="KP-NET-309"):
        await cell.say(cell.user(prompt), tools=TOOLS)


@case("cut stream", ways=(STREAMED,))
async def a_provider_that_fails_in_mid_stream_says_so_itself(cell: Cell) -> None:
    heard = await heard_until_it_broke(cell.alone, f'{{{{mock: words=9 error-after=5 status=503 message="{FIRE}"}}}}', FIRE)

    assert heard.startswith("alpha ")


@case("cut stream", ways=(WHOLE,))
async def an_answer_that_breaks_off_is_an_error(cell: Cell) -> None:
    for how in ("early-close", "close-after-head"):
        with pytest.raises(cell.tool.errors.server) as caught:
            await cell.say(cell.user(f"{{{{mock: {how}}}}}"))
        error, code = told(caught.value), "KP-NET-308" if how == "early-close" else "KP-NET-309"
        assert (error.status, error.code) == (502, code)


class LeavesAfterTheFirst(list[Any]):
    """Takes one piece of a stream and closes it; what the async client's iteration appends is just kept."""

    def extend(self, stream: Any) -> None:
        self.append(next(stream))
        stream.close()


@case("cancel", ways=(STREAMED, STREAMED_BLOCKING))
async def a_program_that_leaves_in_mid_stream(cell: Cell) -> None:
    taken = LeavesAfterTheFirst()
    tool: Any = cell.tool
    prompt = "{{mock: words=50 stall-after=6}}"
    request = cell.program.request(cell.wish(cell.user(prompt)))
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            await tool.stream(into=taken, **request)

        nursery.start_soon(listen)
        await until(lambda: taken)
        if cell.way.is_async:
            nursery.cancel_scope.cancel()

    await until(lambda: cell.stage.mock.only_request().about["client_left"], seconds=1)
    assert (cell.arrival().story, cell.stage.mock.state()["open_streams"]) == ([("user", "text", prompt)], 0)


@case("cancel", ways=BOTH)
async def a_program_that_leaves_before_the_first_byte(cell: Cell) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cell.say, cell.user("{{mock: first-byte=60}}"))
        await until(cell.stage.mock.requests)
        nursery.cancel_scope.cancel()

    await until(lambda: cell.stage.mock.only_request().about["client_left"], seconds=1)
    assert cell.arrival().story == [("user", "text", "{{mock: first-byte=60}}")]
