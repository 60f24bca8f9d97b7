"""What an address says."""

from __future__ import annotations

import pytest

from korproxy.api import BadRequest
from korproxy.builtin.dialects.gemini_format.addresses import full_name, model_and_method


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1beta/models/gemini-3-pro:generateContent", ("gemini-3-pro", "generateContent")),
        ("/v1/models/gemini-3-pro:streamGenerateContent", ("gemini-3-pro", "streamGenerateContent")),
        ("/v1alpha/tunedModels/mine:countTokens", ("mine", "countTokens")),
        ("/v1beta/models/claude/claude-opus-5[1m]:generateContent", ("claude/claude-opus-5[1m]", "generateContent")),
        ("/v1beta/models/ollama/qwen:7b:generateContent", ("ollama/qwen:7b", "generateContent")),
        ("/v1beta/models/100%25:generateContent", ("100%25", "generateContent")),
        ("/v1beta/models/qwen:7b:generateContent", ("qwen:7b", "generateContent")),
    ],
)
def test_edge_80_a_model_may_hold_slashes_and_colons(path: str, expected: tuple[str, str]) -> None:
    assert model_and_method(path) == expected


@pytest.mark.code("KP-SYS-519")
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/v1beta/models",
        "/v1beta/models/m",
        "/v1beta/models/:generateContent",
        "/v2/models/m:f",
        f"/v1/models/{'m' * 1001}:f",
    ],
)
def test_another_address_names_no_model(path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        model_and_method(path)

    assert caught.value.code == "KP-SYS-519"


def test_a_name_in_a_body_has_its_collection() -> None:
    assert [full_name(each) for each in ("m", "models/m", "tunedModels/m", "a/b")] == [
        "models/m",
        "models/m",
        "tunedModels/m",
        "models/a/b",
    ]
