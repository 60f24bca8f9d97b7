"""Long ``data:`` URLs, written piece by piece."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.chat_format.long_urls import LONG, LongUrl, data_url, request_bytes

DATA = "QUJD" * (LONG // 2)


def picture(data: str = DATA, media_type: str = "image/png") -> chat.Blob:
    return chat.Blob(media_type=media_type, data=data)


def body(*urls: object) -> dict[str, Any]:
    return {"model": "m", "parts": [{"url": each} for each in urls], "raw": msgspec.Raw(b"1.10"), "ü": ("x",)}


@pytest.mark.parametrize(
    "blobs",
    [
        (),
        (picture("QUJD"),),
        (picture(),),
        (picture(), picture("QUJD"), picture("REVG" * LONG, "image/jpeg")),
        (picture('"\\\n\u2028🦄' * LONG, 'a"b'),),
        (chat.Blob(url="https://example.com/" + "a" * LONG),),
    ],
)
def test_they_are_written_as_if_they_had_been_put_together(blobs: tuple[chat.Blob, ...]) -> None:
    assert request_bytes(body(*map(data_url, blobs))) == json_bytes(body(*map(chat.data_url, blobs)))


def test_halves_of_characters_are_escaped_beside_them_and_in_them() -> None:
    beside, inside = body(data_url(picture()), "\ud83d"), body(data_url(picture("\ud83d" * LONG)))
    del beside["raw"], inside["raw"]

    assert json.loads(request_bytes(beside))["parts"] == [{"url": f"data:image/png;base64,{DATA}"}, {"url": "\ud83d"}]
    assert json.loads(request_bytes(inside))["parts"] == [{"url": "data:image/png;base64," + "\ud83d" * LONG}]


def test_only_long_ones_are_not_put_together() -> None:
    assert data_url(picture("QUJD")) == "data:image/png;base64,QUJD"
    assert isinstance(data_url(picture()), LongUrl)


def test_a_file_of_a_vendor_has_no_address() -> None:
    with pytest.raises(ValueError, match="no address"):
        data_url(chat.Blob(file="file-1"))


def test_nothing_else_is_written_that_is_no_json() -> None:
    with pytest.raises(TypeError, match="object is no JSON"):
        request_bytes({"a": object()})


def test_a_request_takes_its_own_bytes_and_no_more() -> None:
    value = body(data_url(picture("QUJD" * 1024**2)))
    tracemalloc.start()
    try:
        written = request_bytes(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 1.5 * len(written)
