"""Between formats that are the same, KorProxy changes nothing: requests but for the model's name, answers not at all."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fakes.byte_client import PATHS, send
from tests.fakes.echo_upstream import Framing, Scripted, open_echo
from tests.fakes.gateway import open_gateway, provider_at
from tests.fakes.json_bodies import TEXTS, VALUES, bodies, cuts, documents, objects, strings

# JSON that means the same as something simpler, or that no Python program would write.
ODD_VALUES = st.sampled_from([
    b"1E+5", b"-0", b"-0.0", b"1.10", b"0.1e-7", b"1e400", b"9" * 60, b"[ ]", b"{\t}", b"[" * 60 + b"]" * 60,
    b'"\\/\\u0041\\u00e4\\ud83d\\ude00"', b'"\\ud83d cut in two"', b'"\x7f\xe2\x80\xa8\xef\xbb\xbf"',
    b'{"model":"inner","model":"again"}', b'"}{\\"model\\":"',
])  # fmt: skip


@attrs.frozen
class Written:
    """A request body, in three parts: what stands before the text of its model, that text, and what stands behind it."""

    before: bytes
    model: bytes
    behind: bytes

    @property
    def body(self) -> bytes:
        return self.before + self.model + self.behind


@st.composite
def written(draw: st.DrawFn, model: str) -> Written:
    """Return a body that names *model* somewhere among anything else."""
    others = draw(st.dictionaries(TEXTS.filter(lambda key: key != "model"), VALUES, max_size=6))
    number = draw(st.integers(0, len(others)))
    first, second = [
        draw(objects(each)).strip()[1:-1] for each in (list(others.items())[:number], list(others.items())[number:])
    ]
    odd = b'"odd-one":' + draw(ODD_VALUES)
    front = b",".join([*([first] if first.strip() else []), odd])
    key = draw(strings("model")) + draw(st.sampled_from([b":", b" : ", b"\n:\t"]))
    back = b"," + second if second.strip() else second
    space = draw(st.sampled_from([b"", b" ", b"\r\n\t"]))
    return Written(space + b"{" + front + b"," + space + key, draw(strings(model)), space + back + b"}" + space)


DIALECTS = st.sampled_from(sorted(PATHS))
NAMES = st.text(min_size=1, max_size=20)


@given(st.data(), DIALECTS, NAMES, st.booleans())
async def test_a_request_reaches_the_provider_as_it_was_sent(
    data: st.DataObject, dialect: str, model: str, chunked: bool
) -> None:
    body = data.draw(written(model)).body
    pieces = data.draw(cuts(body))
    async with open_echo() as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, PATHS[dialect], pieces, chunked=chunked)

    assert (answer.status, echo.only.body) == (200, body)


@given(st.data(), DIALECTS, NAMES)
async def test_of_a_request_with_a_provider_in_its_model_only_the_model_changes(
    data: st.DataObject, dialect: str, model: str
) -> None:
    sent = data.draw(written(f"one/{model}"))
    async with open_echo() as echo, open_gateway(provider_at(echo.url), provider_at(echo.url, id="two")) as gateway:
        answer = await send(gateway, PATHS[dialect], [sent.body], chunked=False)

    arrived = echo.only.body
    name = arrived[len(sent.before) : len(arrived) - len(sent.behind)]
    assert (answer.status, answer.headers["x-korproxy-provider"]) == (200, "one")
    assert (arrived[: len(sent.before)], arrived[len(arrived) - len(sent.behind) :]) == (sent.before, sent.behind)
    assert json.loads(name) == model


async def test_a_request_of_ten_megabytes_reaches_the_provider_as_it_was_sent() -> None:
    picture = b"A1b2/+" * (10 * 1024 * 1024 // 6)
    before, behind = b'{"messages":[{"role":"user","content":"' + picture + b'"}], "model" :', b'\n, "x":1e400 }'
    async with open_echo() as echo, open_gateway(provider_at(echo.url), provider_at(echo.url, id="two")) as gateway:
        await send(gateway, PATHS["openai-chat"], [before + b'"gr\\u00f6\\u00dfer"' + behind], chunked=False)
        await send(gateway, PATHS["openai-chat"], [before + b'"two/m"' + behind], chunked=True)

    assert [each.body for each in echo.arrived] == [before + b'"gr\\u00f6\\u00dfer"' + behind, before + b'"m"' + behind]


# 204, 205 and 304 have no body; other 3xx are redirects, and not followed; a 401 is about our key, and not passed on.
STATUSES = st.integers(200, 599).filter(lambda status: status not in (204, 205, 401) and not 300 <= status < 400)
ANSWERS = st.one_of(
    bodies(usage={"prompt_tokens": 3}, error=None).map(lambda drawn: drawn[0]),
    VALUES.flatmap(documents),
    ODD_VALUES,
    st.binary(min_size=1, max_size=200),
)
FRAMINGS: st.SearchStrategy[Framing] = st.sampled_from(["length", "chunked", "close"])


@given(st.data(), DIALECTS, STATUSES, ANSWERS, FRAMINGS)
@example(None, "openai-chat", 500, b"", "length")
@example(None, "anthropic-messages", 529, b"", "chunked")
@pytest.mark.usefixtures("expected_logs")
async def test_an_answer_reaches_the_client_as_it_was_sent(
    data: st.DataObject | None, dialect: str, status: int, body: bytes, framing: Framing
) -> None:
    pieces = data.draw(cuts(body)) if data else [body]
    scripted = Scripted(status=status, pieces=pieces, framing=framing)
    async with open_echo(scripted) as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, PATHS[dialect], [b'{"model":"m"}'], chunked=False)

    assert (answer.status, answer.body, answer.whole) == (status, body, True)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get("content-length", str(len(body))) == str(len(body))


@given(st.data(), DIALECTS, ANSWERS, st.sampled_from(["length", "chunked"]))
async def test_half_an_answer_is_never_taken_for_the_whole(
    data: st.DataObject, dialect: str, body: bytes, framing: Framing
) -> None:
    scripted = Scripted(pieces=data.draw(cuts(body)), framing=framing, whole=False)
    async with open_echo(scripted) as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, PATHS[dialect], [b'{"model":"m"}'], chunked=False)

    assert (answer.status, answer.whole, body.startswith(answer.body)) == (200, False, True)
