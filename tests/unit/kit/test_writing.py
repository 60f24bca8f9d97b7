"""Our own words in a client's JSON."""

from __future__ import annotations

import json

import msgspec
import pytest

from korproxy.kit.writing import full_message, json_bytes
from korproxy.models.outcome import Fault


def test_json_is_one_compact_line_of_utf_8() -> None:
    assert json_bytes({"a": "é\n\u2028", "b": None}) == '{"a":"é\\n\u2028","b":null}'.encode()


def test_a_text_that_is_no_utf_8_is_written_all_the_same() -> None:
    assert json.loads(json_bytes({"file": "\udcff.key"})) == {"file": "\udcff.key"}


def test_raw_json_is_written_as_it_stands() -> None:
    assert json_bytes({"a": msgspec.Raw(b'{"b" : 1.10}')}) == b'{"a":{"b" : 1.10}}'
    assert json_bytes({"a": "\ud83d", "b": msgspec.Raw(b'{"c": 1}')}) == rb'{"a":"\ud83d","b":{"c":1}}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object is no JSON"):
        json_bytes(["\ud83d", object()])


def test_code_and_docs_are_put_into_a_message_that_lacks_them() -> None:
    fault = Fault(code="KP-SYS-501", status=500, message="It broke.", docs="https://docs.test/KP-SYS-501")

    assert full_message(fault) == "[KP-SYS-501] It broke. https://docs.test/KP-SYS-501"


def test_a_message_that_says_it_all_stays_as_it_is() -> None:
    text = "KP-SYS-501: it broke, see https://docs.test/KP-SYS-501."
    fault = Fault(code="KP-SYS-501", status=500, message=text, docs="https://docs.test/KP-SYS-501")

    assert full_message(fault) == text
