"""The clients of the canary's KorProxy: one request for each plant that a request can bring about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import attrs
import trio

from korproxy.runtime.canary.places import FAILING, PLUGIN_FAILS
from korproxy.runtime.canary.planting import Plant

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
CANARY, REFUSED, PLUGIN = "canary", "refused", "planted"  # ids of the providers


@attrs.frozen(kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        correlation: Empty: it brings none.
        managing: It is for the management API, and so is the key that it is sent with.
    """

    path: str = CHAT
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    method: str = "POST"
    correlation: str = ""
    managing: bool = False

    def written(self, host: str, key: str) -> bytes:
        """Return the bytes of it. What it says itself goes before *host* and *key*."""
        said = {"Host": host, "Content-Length": str(len(self.body)), "Connection": "close"}
        said |= {"X-Management-Key": key} if self.managing else {"Authorization": f"Bearer {key}"}
        if self.correlation:
            said["X-Correlation-ID"] = self.correlation
        said |= self.headers
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items() if value)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


def _chat(model: str, *, content: object = "Is it so?", **more: Any) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": content}], **more}).encode()


def _say(plant: Plant, provider: str = CANARY) -> str:
    return f"{provider}/say-{plant.number}"


def _asking(plant: Plant) -> Request:
    """Have the provider answer as the plant says, in its own format."""
    return Request(body=_chat(_say(plant)), correlation=plant.marker)


def _silent(plant: Plant) -> Request:
    """Likewise where nothing but the provider's answer shows the marker."""
    return Request(body=_chat(_say(plant)))


def _crossing(plant: Plant, content: str = "Is it so?") -> Request:
    return Request(path=MESSAGES, body=_chat(_say(plant), content=content, max_tokens=9))


def _tools(plant: Plant) -> Request:
    arguments = json.dumps({"note": plant.text})
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}}
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": plant.text},
    ]
    return Request(body=json.dumps({"model": _say(plant), "messages": messages}).encode())


def _failing(plant: Plant) -> Request:
    """Put the secret into everything in which a request has content, and into what only looks like structure."""
    schema = {"type": "object", "properties": {plant.text: {"type": "string", "enum": [plant.text]}}}
    tool = {"type": "function", "function": {"name": "look", "description": plant.text, "parameters": schema}}
    message = [{"type": "text", "text": plant.text}, {"type": "image_url", "image_url": {"url": f"data:{plant.text}"}}]
    return Request(body=_chat(_say(plant), content=message, tools=[tool], stop=[plant.text], metadata={plant.text: plant.text}))


def _in_pieces(plant: Plant) -> Request:
    """Send the body in chunks that are shorter than any secret."""
    body = _chat(f"{CANARY}/{plant.text}")
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces)
    return Request(body=chunks + b"0\r\n\r\n", headers={"Content-Length": "", "Transfer-Encoding": "chunked"})


def _managing(path: str) -> Request:
    return Request(method="GET", path=path, managing=True)


def _with_header(name: str) -> Callable[[Plant], Request]:
    return lambda plant: Request(body=_chat(_say(plant)), headers={name: plant.text}, correlation=plant.marker)


REQUESTS: Mapping[str, Callable[[Plant], Request]] = {
    "model name": lambda plant: Request(body=_chat(f"{CANARY}/{plant.text}")),
    "model name, cut off": lambda plant: Request(body=_chat(f"{CANARY}/{plant.text}")),
    "model name of nobody": lambda plant: Request(body=_chat(plant.text)),
    "correlation id": lambda plant: Request(body=_chat(_say(plant)), correlation=plant.text),
    "path": lambda plant: Request(path=plant.text, correlation=plant.marker),
    "path, cut off": lambda plant: Request(path=plant.text, correlation=plant.marker),
    "query": lambda plant: Request(path=f"{CHAT}?{plant.text}", body=_chat(_say(plant)), correlation=plant.marker),
    "profile header": _with_header("X-KorProxy-Profile"),
    "request type header": _with_header("X-KorProxy-Request-Type"),
    "content coding header": _with_header("Content-Encoding"),
    "host header": _with_header("Host"),
    "wrong key": _with_header("Authorization"),
    "cookie header": _with_header("Cookie"),
    "management key": lambda plant: Request(
        method="GET",
        path="/v1/requests",
        headers={"Authorization": "", "X-Management-Key": plant.text},
        correlation=plant.marker,
    ),
    "previous response": lambda plant: Request(
        path=RESPONSES, body=json.dumps({"model": _say(plant), "input": "x", "previous_response_id": plant.text}).encode()
    ),
    "body that is no JSON": lambda plant: Request(body=f'{{"model": {plant.text}'.encode(), correlation=plant.marker),
    "prompt": lambda plant: Request(body=_chat(_say(plant), content=plant.text)),
    "tool arguments": _tools,
    "key of a JSON object": lambda plant: Request(body=_chat(_say(plant), metadata={plant.text: "x"})),
    "crossed prompt": lambda plant: _crossing(plant, plant.text),
    "model name in a body in pieces": _in_pieces,
    "id that is asked for": lambda plant: _managing(f"/v1/requests/{quote(plant.text, safe='')}/why"),
    "filter of the management API": lambda plant: _managing(f"/v1/logs?level={quote(plant.text, safe='')}"),
    "error code that is asked for": lambda plant: _managing(f"/v1/errors/{quote(plant.text, safe='')}"),
    "model that is asked for": lambda plant: Request(method="GET", path=f"/v1/models/{quote(plant.text, safe='')}"),
    "stored response that is asked for": lambda plant: Request(method="GET", path=f"{RESPONSES}/{quote(plant.text, safe='')}"),
    "trial of the routing": lambda plant: Request(
        path="/v1/routing/test", body=json.dumps({"body": {"model": plant.text, "messages": []}}).encode(), managing=True
    ),
    "account that is to wake": lambda plant: Request(
        path="/v1/accounts/wake", body=json.dumps({"provider": plant.text, "account": plant.text}).encode(), managing=True
    ),
    "error of the server": _asking,
    "redirection": _asking,
    "error body": _silent,
    "error body in pieces": _silent,
    "crossed error body": _crossing,
    "refusal of the credential": lambda plant: Request(body=_chat(_say(plant, REFUSED)), correlation=plant.marker),
    "late error of a stream": lambda plant: Request(body=_chat(_say(plant), stream=True)),
    "answer's header": _silent,
    "answer": _silent,
    "no status line": _asking,
    "garbage in an answer": _asking,
    FAILING: _failing,
    "fault in a format": lambda plant: Request(path="/planted", body=str(plant.number).encode()),
    PLUGIN_FAILS: lambda plant: Request(body=_chat(_say(plant, PLUGIN)), correlation=plant.marker),
}


async def ask(port: int, request: Request, key: str) -> bytes:
    """Send *request* to this port of this machine; return all that comes back, until the other side closes."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(request.written(f"127.0.0.1:{port}", key))
        parts: list[bytes] = []
        try:
            async for part in stream:
                parts.append(bytes(part))  # noqa: PERF401 -- what came before a broken connection counts, too
        except trio.BrokenResourceError:
            pass
        return b"".join(parts)
