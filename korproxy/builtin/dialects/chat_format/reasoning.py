"""Reasoning: ``reasoning_content`` for its text, ``reasoning_details`` for what vendors sealed.

None of it is OpenAI's own. DeepSeek, Qwen and most others say ``reasoning_content``; newer vLLM and OpenRouter ``reasoning``.
``reasoning_details`` is OpenRouter's: a list of ``reasoning.text`` (with ``signature``), ``reasoning.summary`` and
``reasoning.encrypted`` (with ``data``), whose ``format`` begins with the vendor's name, as in ``anthropic-claude-v1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.json_text import some_text

FIELDS = ("reasoning_content", "reasoning")  # the first one that is not empty counts: some servers send both


def reasoning_text(said: Mapping[str, Any]) -> str:
    """Return the text that the plain fields of *said*, a message or a delta, have."""
    return next((text for name in FIELDS if (text := some_text(said.get(name)))), "")


def read_reasoning(said: Mapping[str, Any], at: str = "") -> Sequence[chat.Reasoning]:
    """Return the reasoning in *said*, a whole message whose JSON pointer is *at*. What is told twice comes once."""
    details = read_details(said.get("reasoning_details"), _inside(at, "reasoning_details"))
    name = next((each for each in FIELDS if some_text(said.get(each))), "")
    if not name:
        return details
    plain = chat.Reasoning(text=some_text(said[name]), at=_inside(at, name))
    return _with_rest(plain, details) if any(each.text for each in details) else (plain, *details)


def _with_rest(plain: chat.Reasoning, details: Sequence[chat.Reasoning]) -> Sequence[chat.Reasoning]:
    """Return *details* and what *plain* says between them: not all of it need be sealed. If it says something else, it goes."""
    found: list[chat.Reasoning] = []
    end = 0  # of what was found so far
    for each in details:
        start = plain.text.find(each.text, end) if each.text else end
        if start < 0:
            return details
        found += [attrs.evolve(plain, text=plain.text[end:start]), each] if start > end else [each]
        end = start + len(each.text)
    return [*found, attrs.evolve(plain, text=plain.text[end:])] if end < len(plain.text) else found


def read_details(said: object, at: str = "") -> Sequence[chat.Reasoning]:
    """Return the reasoning in *said*, a list ``reasoning_details``.

    Pieces of one text, which a client has kept as they were streamed, come together: they have the same ``index``.
    """
    whole: list[list[chat.Reasoning]] = []  # the pieces of each
    last: object = None
    for number, detail in enumerate(said if isinstance(said, list) else ()):
        part = read_detail(detail, _inside(at, number))
        if part is None:
            continue
        index = detail.get("index")
        if whole and index is not None and index == last and whole[-1][-1].seal is None and not part.redacted:
            whole[-1].append(part)
        else:
            whole.append([part])
        last = index
    return [_joined(each) for each in whole]


def _joined(pieces: Sequence[chat.Reasoning]) -> chat.Reasoning:
    text = "".join(each.text for each in pieces)
    return pieces[0] if len(pieces) == 1 else attrs.evolve(pieces[0], text=text, seal=pieces[-1].seal)


def read_detail(said: object, at: str = "") -> chat.Reasoning | None:
    """Return one of ``reasoning_details``; None where nothing in it can be used, as in a seal of nobody's."""
    if not isinstance(said, dict):
        return None
    family = some_text(said.get("format")).split("-")[0]
    if data := some_text(said.get("data")):
        seal = chat.Seal(family=family, data=data, at=_inside(at, "data"))
        return chat.Reasoning(seal=seal, redacted=True, at=at) if family else None
    name = "text" if some_text(said.get("text")) else "summary"
    signature = some_text(said.get("signature"))
    sealed = chat.Seal(family=family, data=signature, at=_inside(at, "signature")) if signature and family else None
    text = some_text(said.get(name))
    return chat.Reasoning(text=text, seal=sealed, at=at) if text or sealed else None


def write_details(parts: Iterable[chat.Reasoning]) -> list[dict[str, Any]]:
    """Return those of *parts* that are sealed as ``reasoning_details``; of the others their text says all."""
    sealed = [each for each in parts if each.seal is not None]
    return [write_detail(each, number) for number, each in enumerate(sealed)]


def write_detail(part: chat.Reasoning, index: int) -> dict[str, Any]:
    """Return *part*, which is sealed, as one of ``reasoning_details``."""
    seal = part.seal or chat.Seal(family="", data="")
    if part.redacted:
        return {"type": "reasoning.encrypted", "data": seal.data, "format": seal.family, "index": index}
    return {"type": "reasoning.text", "text": part.text, "signature": seal.data, "format": seal.family, "index": index}


def _inside(at: str, key: str | int) -> str:
    return chat.child(at, key) if at else ""
