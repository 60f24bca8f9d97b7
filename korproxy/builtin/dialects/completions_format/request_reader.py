"""A client's request, read as a conversation of one turn.

Facts: ``CompletionCreateParams`` of OpenAI's Python SDK 3.57 and its API reference.

Where the client sets no ``max_tokens`` none is sent. OpenAI's default of 16 is meant for models that only go on with a text;
those that are reached here answer in sentences, or reason first, and would be cut off before their first word.
"""

from __future__ import annotations

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.chat_format.read_options import read_options
from korproxy.builtin.dialects.chat_format.request_reader import read_object, wants_usage

_NO_PROMPT = "There is no prompt, and only OpenAI's models write without one. Send a text."
_SEVERAL = "A conversation answers one prompt. Send a request for each."
_TOKENS = "These are tokens of OpenAI's models, which mean nothing to another vendor's. Send the text itself."
_SUFFIX = "Models that are talked to cannot fill a gap before given text. Use a provider that speaks openai-completions."
_ECHO = "Models that are talked to do not repeat the prompt. Leave `echo` out, and put the prompt in front yourself."


def read_request(path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read the request in *body*.

    Raises:
        BadRequest: It is no JSON object, has a prompt that is none (KP-SYS-509), or names no model (KP-SYS-519).
        CannotCarry: It asks for several answers, for text in a gap, for an echo, or has no text as its prompt.
    """
    del path
    value = read_object(body)
    if value.get("logprobs") is not None:  # a number here, and true or false in conversations
        report.lost("/logprobs", "no other format tells probabilities in its answers")
    request = chat.Fields({key: each for key, each in value.items() if key != "logprobs"}, "", report)
    model = request.text("model")
    if not model:
        raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
    prompt = _prompt(request)
    _check(request)
    stream = request.flag("stream") or False
    asked = chat.Asked(model=model, stream=stream, usage=wants_usage(request, stream=stream))
    turn = chat.Turn(role="user", parts=(prompt,), at=prompt.at)
    conversation = chat.Conversation(turns=(turn,), options=read_options(request))
    request.close()
    return conversation, asked


def _prompt(request: chat.Fields) -> chat.Text:
    said, at = request.get("prompt"), request.pointer("prompt")
    if isinstance(said, list) and len(said) == 1 and isinstance(said[0], str):
        said, at = said[0], chat.child(at, 0)
    if isinstance(said, str) and said.strip():
        request.report.mapped(at, "as what a user says: the model answers it rather than going on with it")
        return chat.Text(text=said, at=at)
    if said is None or said == [] or isinstance(said, str):
        raise chat.CannotCarry(at, _NO_PROMPT)
    if not isinstance(said, list) or not all(isinstance(each, (str, int, list)) for each in said):
        raise BadRequest("KP-SYS-509", "The body is no request: `prompt` must be a text.")
    raise chat.CannotCarry(at, _SEVERAL if all(isinstance(each, str) for each in said) else _TOKENS)


def _check(request: chat.Fields) -> None:
    if request.text("suffix"):
        raise chat.CannotCarry(request.pointer("suffix"), _SUFFIX)
    if request.flag("echo"):
        raise chat.CannotCarry(request.pointer("echo"), _ECHO)
    best = request.integer("best_of")
    if best is not None and best > 1:
        request.lost("best_of", "one answer is made, and not the best of several")
