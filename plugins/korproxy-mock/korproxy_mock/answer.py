"""Decide what the mock says: from the prompt, or as a script asks. Pure and deterministic."""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import cycle, islice

import attrs

from korproxy_mock.prompt import CHARS_PER_TOKEN, Image, Prompt, Tool, tokens_in
from korproxy_mock.sample import sample
from korproxy_mock.script import Script, ToolCall, Usage

_PIECE = re.compile(r"\S{1,16}\s*|\s+")
_VOCABULARY = ("alpha", "beta", "größer", "delta", "été", "зета", "eta", "日本", "iota", "kappa", "naïve", "🙂")
_ECHO_CHARS = 2000


@attrs.frozen(kw_only=True)
class Answer:
    """What is said, in no format. ``stop``: ``end``, ``tool``, ``length``, ``refusal``, ``stop_sequence`` or verbatim.

    ``pieces`` is the text as a stream cuts it. ``thinking`` None: no such block, empty: a block that hides its text.
    ``search`` is what the provider has looked for in the web, ``cite`` the page that the text rests on.
    """

    pieces: tuple[str, ...] = ()
    thinking: str | None = None
    redacted: str | None = None
    calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    search: str | None = None
    cite: str | None = None
    stop: str = "end"
    usage: Usage

    @property
    def text(self) -> str:
        """The text as a whole."""
        return "".join(self.pieces)

    @property
    def thinking_tokens(self) -> int:
        """The part of the output that was thought, never more than the output."""
        return min(tokens_in(self.thinking or ""), self.usage.output)


def decide(prompt: Prompt, script: Script, raw: bytes) -> Answer:
    """Answer *prompt* as *script* asks, or by itself; *raw* is the request's body for ``echo-request``."""
    calls = script.tools or (() if script.speaks else _natural_calls(prompt))
    pieces = _pieces(prompt, script, raw, calls=bool(calls))
    stop = script.stop or ("tool" if calls else "end")
    if not script.speaks and not calls and prompt.max_tokens is not None:
        pieces, stop = _shorten(pieces, prompt.max_tokens, stop)
    said = "".join(pieces) + (script.thinking or "") + (script.refusal or "")
    said += "".join(call.name + (call.arguments or "") for call in calls)
    return Answer(
        pieces=pieces,
        thinking=script.thinking,
        redacted=script.redacted,
        calls=calls,
        refusal=script.refusal,
        search=script.search,
        cite=script.cite,
        stop=stop,
        usage=script.usage or Usage(input=prompt.tokens, output=max(1, tokens_in(said))),
    )


def cut(text: str) -> tuple[str, ...]:
    """Cut *text* as a stream does: about a word a piece."""
    return tuple(_PIECE.findall(text))


def _pieces(prompt: Prompt, script: Script, raw: bytes, *, calls: bool) -> tuple[str, ...]:
    if script.echo_request:
        return (f"sha256:{sha256(raw).hexdigest()} ", f"{len(raw)} bytes")
    if script.words is not None:
        words = tuple(f"{word} " for word in islice(cycle(_VOCABULARY), script.words))
        return (*cut(script.text or ""), *words)
    if script.text is not None:
        return cut(script.text)
    silent = calls or script.refusal is not None or script.stop == "refusal"
    return () if silent else cut(_natural_text(prompt))


def _natural_text(prompt: Prompt) -> str:
    if prompt.json_schema is not None:
        return json.dumps(sample(prompt.json_schema), ensure_ascii=False)
    if prompt.results is not None:
        said = f"The tool said: {'; '.join(prompt.results)[:_ECHO_CHARS]}"
        return f"{said} {_seen(prompt.result_images)}" if prompt.result_images else said
    if prompt.images:
        return _seen(prompt.images)
    return f"You said: {prompt.text[:_ECHO_CHARS]}" if prompt.text else "Hello! This is KorProxy's mock provider."


def _seen(images: Sequence[Image]) -> str:
    return f"I see {len(images)} image(s): {', '.join(map(str, images))}"


def _natural_calls(prompt: Prompt) -> tuple[ToolCall, ...]:
    """Call a tool only if forced to, or asked for the weather: a demo must not run an agent's tools by accident."""
    if not prompt.may_call or prompt.results is not None:
        return ()
    if prompt.forced is not None:
        chosen = [tool for tool in prompt.tools if prompt.forced in {"*", tool.name}]
    else:
        asked = "weather" in prompt.text.lower()
        chosen = [tool for tool in prompt.tools if asked and "weather" in tool.name.lower()]
    return tuple(ToolCall(name=tool.name, arguments=_arguments(tool, prompt.text)) for tool in chosen[:1])


def _arguments(tool: Tool, text: str) -> str:
    if tool.raw:
        return text
    made = sample(tool.schema)
    arguments = dict(made) if isinstance(made, Mapping) else {}
    for name in ("city", "location", "place"):
        if name in arguments:
            arguments[name] = text.rstrip("?!. ").rpartition(" ")[2] or "Berlin"
    return json.dumps(arguments, ensure_ascii=False)


def _shorten(pieces: tuple[str, ...], max_tokens: int, stop: str) -> tuple[tuple[str, ...], str]:
    text = "".join(pieces)
    if tokens_in(text) <= max_tokens:
        return pieces, stop
    return cut(text[: max_tokens * CHARS_PER_TOKEN]), "length"
