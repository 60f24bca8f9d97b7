"""References inside a schema."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_refs import References

ROOT: dict[str, Any] = {"$defs": {"a/b~": {"type": "string"}, "list": [True, False]}, "x y": 1}


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("#", (ROOT, "/s")),
        ("#/$defs/a~1b~0", (ROOT["$defs"]["a/b~"], "/s/$defs/a~1b~0")),
        ("#/$defs/list/1", (False, "/s/$defs/list/1")),
        ("#/x%20y", (1, "/s/x y")),
        ("#/$defs/list/2", None),
        ("#/$defs/list/-", None),
        ("#/none", None),
        ("#/x%20y/deeper", None),
        ("#anchor", None),
        ("other.json#/$defs/a", None),
        (7, None),
    ],
)
def test_a_reference_is_a_pointer_into_the_schema(ref: object, found: object) -> None:
    with References(ROOT, "/s").followed(ref, "/s/$ref") as target:
        assert target == found


def test_one_that_is_followed_already_is_refused() -> None:
    references = References(ROOT, "/s")
    with references.followed("#/$defs/list", "/s/a"), pytest.raises(chat.CannotCarry) as caught:
        with references.followed("#/$defs/list", "/s/b"):
            pass

    assert caught.value.pointer == "/s/b"
    with references.followed("#/$defs/list", "/s/c") as again:
        assert again is not None


def test_what_was_followed_is_used() -> None:
    references = References(ROOT, "/s")
    with references.followed("#/$defs/list/0", "/s/a"):
        pass

    assert references.is_used("/s/$defs/list")
    assert not references.is_used("/s/$defs/lis")
