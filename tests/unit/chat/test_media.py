"""Data URLs, and pictures with a wrong label."""

from __future__ import annotations

import base64
import tracemalloc
from collections.abc import Callable
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.chat.media import blob_of_base64, blob_of_url

PNG = "iVBORw0KGgoAAAANSUhEUg=="
JPEG = "/9j/4AAQSkZJRg=="
WEBP = base64.b64encode(b"RIFF\x1a\0\0\0WEBPVP8L").decode()
PDF = "JVBERi0xLjcK"
URLS = st.builds(
    lambda kind, parameters, content: f"data:{kind}{''.join(parameters)},{content}",
    st.sampled_from(["", "image/png", "IMAGE/JPEG", "text/plain", "image/svg+xml", "ü"]),
    st.lists(st.sampled_from([";base64", ";charset=utf-8", "; base64", ";name=a b"]), max_size=3),
    st.one_of(st.text(max_size=12), st.binary(max_size=20).map(lambda data: base64.urlsafe_b64encode(data).decode())),
)


@pytest.mark.parametrize(
    ("url", "media_type", "data"),
    [
        (f"data:image/png;base64,{PNG}", "image/png", PNG),
        (f"DATA:IMAGE/PNG;BASE64,{PNG}", "image/png", PNG),
        (f"data:image/png;charset=utf-8;base64,{PNG}", "image/png", PNG),
        (f"data:;base64,{PNG}", "image/png", PNG),
        (f"data:image/webp;base64,{WEBP}", "image/webp", WEBP),
        ("data:image/gif;base64,R0lGODlhAQAB", "image/gif", "R0lGODlhAQAB"),
        ("data:;base64,AAAA", "", "AAAA"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "image/svg+xml", "PHN2Zz4="),
        ("data:text/plain;charset=utf-8,gr%C3%BCn%20x", "text/plain", "Z3LDvG4geA=="),
        ("data:,a,b", "", "YSxi"),
        ("data:image/png", "image/png", ""),
    ],
)
def test_edge_50_a_data_url_is_read_with_or_without_type_and_parameters(url: str, media_type: str, data: str) -> None:
    assert chat.blob_of_url(url) == chat.Blob(media_type=media_type, data=data)


@pytest.mark.parametrize(
    ("content", "expected"),
    [("_9j-", "/9j+"), ("/9j/\r\n4AAQ SkZJRg", "/9j/4AAQSkZJRg=="), ("%2F9j%2F4AAQSkZJRg%3D%3D", JPEG), ("YQ", "YQ==")],
)
def test_base64_is_brought_to_its_standard_form(content: str, expected: str) -> None:
    assert chat.blob_of_url(f"data:image/jpeg;base64,{content}").data == expected


def test_any_other_address_stays_an_address() -> None:
    assert chat.blob_of_url("https://example.com/a.png?b=data:") == chat.Blob(url="https://example.com/a.png?b=data:")


@pytest.mark.parametrize(
    ("label", "data", "expected"),
    [
        ("image/jpeg", PNG, "image/png"),
        ("image/png", JPEG, "image/jpeg"),
        ("image/jpg", JPEG, "image/jpeg"),
        ("image/png", WEBP, "image/webp"),
        ("image/png", "R0lGODdhAQAB", "image/gif"),
        ("application/octet-stream", PDF, "application/pdf"),
        ("image/avif", "AAAAIGZ0eXBhdmlm", "image/avif"),
        ("image/png", "AAAAAAAAAABXRUJQ", "image/png"),
        ("image/png", "", "image/png"),
        ("image/png", "not base64 ü", "image/png"),
    ],
)
def test_edge_98_the_first_bytes_say_what_it_is(label: str, data: str, expected: str) -> None:
    assert chat.sniffed(label, data) == expected


def test_edge_98_a_png_that_is_called_a_jpeg_is_put_right() -> None:
    assert chat.data_url(chat.blob_of_url(f"data:image/jpeg;base64,{PNG}")) == f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize("url", ["https://example.com/a.png", f"data:image/png;base64,{PNG}", "data:;base64,AAAA", ""])
def test_a_url_in_its_standard_form_comes_back(url: str) -> None:
    assert chat.data_url(chat.blob_of_url(url)) == url


@given(URLS | st.text(max_size=20))
def test_a_blob_says_the_same_after_a_round_trip(url: str) -> None:
    blob = chat.blob_of_url(url)
    assert chat.blob_of_url(chat.data_url(blob)) == blob


@given(st.binary(max_size=40), st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]))
def test_the_bytes_are_the_same_whatever_the_alphabet(data: bytes, encode: Callable[[bytes], bytes]) -> None:
    url = "data:application/x;base64," + encode(data).decode().rstrip("=")
    assert base64.b64decode(chat.blob_of_url(url).data or "", validate=True) == data


@pytest.mark.parametrize(
    ("head", "content"),
    [
        ("data:text/plain,", "%41"),
        ("data:text/plain,", "A%4"),
        ("data:text/plain,", "ü%41"),
        ("data:text/plain,", "%"),
        ("data:image/png;base64,", "%41"),
        ("data:image/png;base64,", "YWJj"),
        ("data:image/png;base64,", "a b"),
        ("data:", ";a=b"),
        ("data:", "ü"),
    ],
)
def test_reading_a_large_data_url_takes_memory_for_a_few_copies_of_it(head: str, content: str) -> None:
    url = head + content * (2_000_000 // len(content))
    tracemalloc.start()
    try:
        chat.blob_of_url(url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 6 * len(url.encode())


@given(st.text(alphabet="%4a1ü ", max_size=12), st.integers(0, 8))
def test_escapes_are_read_wherever_a_long_text_is_cut_in_pieces(text: str, before: int) -> None:
    content = "-" * (2**16 - before) + text + "-" * 2**16 + text

    assert base64.b64decode(chat.blob_of_url(f"data:,{content}").data or "") == unquote_to_bytes(content)


@given(st.binary(max_size=40), st.integers(0, 8))
def test_escaped_base64_is_read_wherever_it_is_cut_in_pieces(data: bytes, before: int) -> None:
    escaped = "A" * (2**16 - before) + quote_from_bytes(base64.b64encode(data), safe="")
    bare = unquote_to_bytes(escaped).rstrip(b"=").decode()

    found = chat.blob_of_url(f"data:;base64,{escaped}").data or ""
    assert found.rstrip("=") == bare


def test_an_id_in_a_vendors_store_has_no_address() -> None:
    with pytest.raises(ValueError, match="file id"):
        chat.data_url(chat.Blob(file="file-1"))


@given(
    st.sampled_from(["", "image/png", "IMAGE/PNG", " image/png ", "a/b;c=d", "a,b", "image/png;charset=x", "ä/b", "x" * 300]),
    st.one_of(
        st.sampled_from(["", "QUJD", "QUI=", "QQ==", "QQ", "Q", "QU JD", "Q%55JD", "-_-_", "QUJD====", "Q=Q=", "ä"]), st.text()
    ),
)
def test_base64_alone_is_read_as_in_a_url(media_type: str, data: str) -> None:
    assert blob_of_base64(media_type, data) == blob_of_url(f"data:{media_type};base64,{data}")


@given(st.binary(max_size=40), st.sampled_from(["", ",", "=", "\n", "%3D"]))
def test_base64_in_order_stays_as_it_is(content: bytes, end: str) -> None:
    data = base64.b64encode(content).decode()

    assert blob_of_url(f"data:text/plain;base64,{data}{end}").data == data
