"""Calls whose body names the model once more, beside the address: in each request of a batch, or in the one to be counted."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from korproxy.api import Peek, Span, json_bytes
from korproxy.builtin.dialects.gemini_format.addresses import full_name
from korproxy.builtin.dialects.operations.dialect import OperationDialect

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_lists = msgspec.json.Decoder(list[msgspec.Raw])


@attrs.frozen(kw_only=True)
class NamedModels(OperationDialect):
    """An ``OperationDialect``. Google refuses a name in the body that is not the one in the address, so both change together.

    Attributes:
        inside: The members that hold a request, or a list of requests.
    """

    inside: tuple[str, ...]

    def peek(self, path: str, body: bytes) -> Peek:
        """Read the model from *path*; its span is the whole body where that may name it, too."""
        found = super().peek(path, body)
        return attrs.evolve(found, span=(0, len(body)) if b'"model"' in body else None)

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* with *model* wherever it names one; what is no JSON stays as it is."""
        del span
        try:
            return json_bytes(self._renamed(_members.decode(body), full_name(model)))
        except (ValueError, RecursionError):
            return body

    def _renamed(self, members: dict[str, Any], name: str) -> dict[str, Any]:
        named = {**members, "model": name} if "model" in members else members
        return {key: self._inner(value, name) if key in self.inside else value for key, value in named.items()}

    def _inner(self, value: msgspec.Raw, name: str) -> Any:
        if bytes(value).lstrip().startswith(b"["):
            return [self._inner(each, name) for each in _lists.decode(value)]
        members = _members.decode(value)
        return {**members, "model": name} if "model" in members else value
