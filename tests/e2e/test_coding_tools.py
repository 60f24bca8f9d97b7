"""Coding tools, as they send and read, through every provider: two turns with tools each, and nothing is refused.

What a tool needs of a stream is checked by a reader of its own, which gives up where the tool would; what reached the provider
is read in the provider's format.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.e2e.arrivals import read
from tests.e2e.cells import CHAT, GEMINI, MESSAGES, MODELS, RESPONSES, form_of
from tests.e2e.stage import KEYS, Model, Received, Stage
from tests.fakes.tools.codex import Codex
from tests.fakes.tools.coding_tool import Asked, CodingTool, StreamIsBad
from tests.fakes.tools.gemini_cli import HELPER_SCHEMA, GeminiCli
from tests.fakes.tools.opencode import OpenCodeChat, OpenCodeMessages, OpenCodeResponses
from tests.fakes.tools.qwen_code import QwenCode

PROVIDERS_TOO = """
[aliases]
"gemini-3.5-flash-lite" = "codex/gpt-6-luna"
"""
# By the SDK that speaks as the tool does.
TOOLS: Sequence[tuple[str, CodingTool]] = (
    ("responses", Codex()),
    ("responses", Codex(instructed=False)),
    ("responses", Codex(lite=True)),
    ("google", GeminiCli()),
    ("openai", QwenCode()),
    ("openai", OpenCodeChat()),
    ("responses", OpenCodeResponses()),
    ("anthropic", OpenCodeMessages()),
)
FORMATS = {"openai": CHAT, "anthropic": MESSAGES, "responses": RESPONSES, "google": GEMINI}
THOUGHT = "Two things first: größer?"
PATCH = '*** Begin Patch\n*** Add File: größe.md\n+"one" \\ meter\n*** End Patch'
# What each one calls at once: the name and the arguments as the tool knows them.
CALLS: Mapping[str, Sequence[tuple[str, Any]]] = {
    "codex": (
        ("shell_command", {"command": "ls 'größe'", "timeout_ms": 1000}),
        ("apply_patch", PATCH),
        ("mcp__tracker/list_issues", {"state": "open"}),
    ),
    "gemini-cli": (
        ("read_file", {"file_path": "/home/ann/größe.md", "limit": 20}),
        ("read_file", {"file_path": "/home/ann/plan.md"}),
        ("mcp_tracker_list_issues", {"state": "open"}),
    ),
    "qwen-code": (("read_file", {"path": "größe.md"}), ("mcp__tracker__list_issues", {"path": "open"})),
    "opencode": (("read", {"filePath": "/home/ann/größe.md"}), ("tracker_list_issues", {"state": "open"})),
}
RESULTS = ("1: größer", "Success.", "[]")
# That ask for thoughts; the others get to see them where a server of Chat shows them unasked.
ASK_FOR_THOUGHTS = ("codex", "gemini-cli", "opencode-responses", "opencode-messages")

# What is lost of each tool's second request, beside words of schemas that Gemini does not have; nothing where bytes pass.
_CODEX = {"/client_metadata", "/prompt_cache_key", "/text/verbosity"}
_KNOBS = {f"/generationConfig/{each}" for each in ("temperature", "topP", "topK")}
_MARKS = {"header:anthropic-beta", "/system/0/cache_control"}
_MARKS |= {"/messages/0/content/0/cache_control", "/messages/2/content/1/cache_control"}
LOST: Mapping[tuple[str, str], set[str]] = {
    **{("codex", each): _CODEX for each in ("claude", "gemini", "qwen", "iflow")},
    **{("gemini-cli", each): _KNOBS for each in ("codex", "sol", "answers")},
    ("gemini-cli", "claude"): {
        "/generationConfig/topP",
        "/generationConfig/topK",
    },  # it takes one of them beside the temperature
    **{("opencode-responses", each): {"/prompt_cache_key"} for each in ("claude", "gemini", "qwen", "iflow")},
    **{("opencode-messages", each): _MARKS for each in ("codex", "sol", "answers", "gemini", "qwen", "iflow")},
}
# How a tool asks for thoughts, which glm-4.6 is not told; and where it sends back what nobody but their maker takes.
_WISHES = {
    "codex": {"/reasoning/effort", "/reasoning/summary"},
    "opencode-responses": {"/reasoning/effort", "/reasoning/summary"},
    "opencode-messages": {"/thinking", "/thinking/budget_tokens"},
    "gemini-cli": {f"/generationConfig/thinkingConfig{each}" for each in ("", "/thinkingLevel", "/includeThoughts")},
}


def lost_of(tool: CodingTool, sdk: str, column: str) -> set[str]:
    """Return what cannot be carried."""
    if form_of(sdk, column) == FORMATS[sdk]:
        return set()
    name = "codex" if isinstance(tool, Codex) else tool.name
    lost = set(LOST.get((name, column), ()))
    if column == "iflow":
        lost |= _WISHES.get(name, set())
    elif column in ("gemini", "qwen"):
        lost |= {"/messages/1/content/0"} if name == "opencode-messages" else set()
    if isinstance(tool, Codex):
        before = 3 + tool.lite + (not tool.instructed)  # items in front of what the model said
        lost |= {"/input/0/tools/3" if tool.lite else "/tools/3"}  # a search that only OpenAI runs
        lost |= {f"/input/{before}"} if column in ("gemini", "qwen") else set()
        lost |= {"/parallel_tool_calls"} if tool.lite and column == "gemini" else set()  # one call at a time
    return lost


every_tool = pytest.mark.parametrize(("sdk", "tool"), TOOLS, ids=[tool.name for _, tool in TOOLS])
every_column = pytest.mark.parametrize("column", MODELS)


def model_of(sdk: str, column: str) -> Model:
    """Return the model that is asked. The tools say ``max_tokens`` in Chat, which OpenAI's newer models refuse there."""
    if (sdk, column) == ("openai", "codex"):
        return Model(asked="codex/gpt-4.1", provider="codex", upstream="gpt-4.1")
    return MODELS[column]


def calls_of(tool: CodingTool) -> Sequence[tuple[str, Any]]:
    """Return what *tool* is made to call."""
    return next(calls for name, calls in CALLS.items() if tool.name.startswith(name))


def sent_name(name: str) -> str:
    """Return the name that a provider is told: namespaces stand in front."""
    return name.replace("/", "__")


def prompt_for(tool: CodingTool, form: str, *, thinks: bool) -> str:
    """Return what makes the imitated model of *form* think and call."""
    said = [f'thinking="{THOUGHT}"'] if thinks else []
    for name, arguments in calls_of(tool):
        freeform = isinstance(arguments, str) and form != RESPONSES
        text = arguments if isinstance(arguments, str) and not freeform else json.dumps(_object(arguments), ensure_ascii=False)
        said.append(f"tool={sent_name(name)} args={shlex.quote(text)}")
    return f"Look. {{{{mock: {' '.join(said)}}}}}{{{{then: text=Done.}}}}"


def _object(arguments: Any) -> Any:
    """Return *arguments* as an object: a text is the only member of one, where a format has no such tools."""
    return {"input": arguments} if isinstance(arguments, str) else arguments


def wire(body: object) -> bytes:
    """Return *body* as a program in JavaScript or Rust sends it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


async def send(stage: Stage, tool: CodingTool, asked: Asked) -> httpx.Response:
    """Send *asked*, and read the answer to its end."""
    headers = {**asked.headers, **tool.credential(stage.daemon.key)}
    async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, timeout=20) as client:
        return await client.post(asked.path, content=wire(asked.body), headers=headers)


def check_passed(asked: Asked, received: Received, model: Model) -> None:
    """Not a byte but the model's name is another."""
    sent, name = wire(asked.body), wire(model.asked)
    assert received.about["body"].encode() == (sent.replace(name, wire(model.upstream), 1) if "model" in asked.body else sent)


def check_story(tool: CodingTool, sdk: str, column: str, received: Received) -> None:
    """The second request holds all that was said and done, in the provider's words."""
    model, form = model_of(sdk, column), form_of(sdk, column)
    key = KEYS[f"{model.provider.upper()}_KEY"]
    arrival = read(received, provider=model.provider, form=form, key=key, crosses=True)
    calls = calls_of(tool)
    told = [each for each in arrival.story if each[1] in ("call", "result")]
    assert told == [
        *[("model", "call", sent_name(name), _object(arguments)) for name, arguments in calls],
        *[("user", "result", number, RESULTS[number]) for number in range(len(calls))],
    ]
    assert {sent_name(name) for name, _ in calls} <= arrival.tools.keys()
    assert (arrival.model, arrival.streamed, "Read a file before you change it" in arrival.system) == (
        model.upstream,
        True,
        True,
    )


@every_column
@every_tool
async def test_two_turns_with_tools(stage: Stage, sdk: str, tool: CodingTool, column: str) -> None:
    model, form = model_of(sdk, column), form_of(sdk, column)
    thinks = tool.name.startswith(ASK_FOR_THOUGHTS) or form == CHAT
    asked = tool.ask(model.asked, prompt_for(tool, form, thinks=thinks))
    first = await send(stage, tool, asked)
    assert first.status_code == 200, first.text
    heard = tool.hear(first.content)
    then = tool.go_on(asked, heard, RESULTS[: len(heard.calls)])
    second = await send(stage, tool, then)
    assert second.status_code == 200, second.text
    last = tool.hear(second.content)

    assert [(each.name, each.arguments) for each in heard.calls] == list(calls_of(tool))
    assert (heard.thought, last.text, last.calls) == (THOUGHT if thinks else "", "Done.", ())
    for request, received in zip((asked, then), stage.mock.requests(), strict=True):
        if form == FORMATS[sdk]:
            check_passed(request, received, model)
    if form != FORMATS[sdk]:
        check_story(tool, sdk, column, stage.mock.requests()[1])
    assert losses(second) == lost_of(tool, sdk, column)


def losses(answer: httpx.Response) -> set[str]:
    """Return what ``X-KorProxy-Lossy`` names, but for words of schemas."""
    named = answer.headers.get("x-korproxy-lossy", "").partition(";")[0]
    return {each for each in named.split(",") if each and "/parameters/" not in each and "/input_schema/" not in each}


@every_column
async def test_gemini_cli_has_helpers_that_answer_in_a_form(stage: Stage, column: str) -> None:
    """They go to a small model of its own, which has to be there: here an alias leads to whatever the user likes."""
    tool, model = GeminiCli(), MODELS[column]
    for name in (model.asked, "gemini-3.5-flash-lite"):
        answer = await send(stage, tool, tool.helper(name, "Who speaks next?"))

        [part] = answer.json()["candidates"][0]["content"]["parts"]
        said = json.loads(part["text"])
        assert (answer.status_code, sorted(said), said["next_speaker"]) == (200, ["next_speaker", "reasoning"], "user")
    first, second = stage.mock.requests()
    assert HELPER_SCHEMA["required"] == _required(first.body)
    assert second.body["model"] == "gpt-6-luna"


def _required(body: Any) -> Any:
    """Return what the schema in *body* requires, wherever it stands in that format."""
    config = body.get("generationConfig", {})
    places = (
        config.get("responseJsonSchema"),
        body.get("output_config", {}).get("format", {}).get("schema"),
        body.get("text", {}).get("format", {}).get("schema"),
        body.get("response_format", {}).get("json_schema", {}).get("schema"),
    )
    [schema] = [each for each in places if each]
    return schema["required"]


async def test_gemini_cli_counts_what_it_is_about_to_send(stage: Stage) -> None:
    tool = GeminiCli()
    answers = [await send(stage, tool, tool.count(MODELS[each].asked, "How long?")) for each in ("gemini", "claude", "codex")]
    unknown = await send(stage, tool, tool.count(MODELS["qwen"].asked, "How long?"))

    assert [(each.status_code, each.json()["totalTokens"] > 0) for each in answers] == [(200, True)] * 3
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (404, "NOT_FOUND")  # then it estimates


@every_column
@pytest.mark.parametrize(
    ("sdk", "tool"), [TOOLS[0], TOOLS[3], TOOLS[4], TOOLS[7]], ids=[TOOLS[n][1].name for n in (0, 3, 4, 7)]
)
async def test_a_stream_that_breaks_off_is_told_in_the_tools_own_words(
    stage: Stage, sdk: str, tool: CodingTool, column: str
) -> None:
    model = model_of(sdk, column)
    cut = await send(stage, tool, tool.ask(model.asked, "{{mock: words=9 cut-after=6}}"))
    failed = await send(stage, tool, tool.ask(model.asked, '{{mock: words=9 error-after=6 status=503 message="On fire"}}'))

    for answer, words in ((cut, "KP-NET-309"), (failed, "On fire")):
        assert answer.status_code == 200
        if form_of(sdk, column) == RESPONSES == FORMATS[sdk] and answer is failed:
            continue  # OpenAI's own `error`, of which Codex takes no notice
        assert words in answer.text
        with pytest.raises(StreamIsBad):
            tool.hear(answer.content)


@every_column
async def test_codex_is_told_that_the_context_is_full(stage: Stage, column: str) -> None:
    tool, model = Codex(), MODELS[column]
    answer = await send(stage, tool, tool.ask(model.asked, "{{mock: kind=context-length}}"))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "context_length_exceeded")


async def test_codex_lists_the_models_that_it_can_use(stage: Stage) -> None:
    tool = Codex()
    async with httpx.AsyncClient(
        base_url=stage.daemon.url, trust_env=False, headers=tool.credential(stage.daemon.key)
    ) as client:
        answer = await client.get("/v1/models?client_version=0.169.0")

    found = {each["slug"]: each for each in answer.json()["models"]}
    sol = found["gpt-6-sol"]
    assert {"gpt-6-sol", "claude-opus-5", "gemini-3.5-flash", "qwen3-coder-plus"} <= found.keys()
    assert (sol["visibility"], sol["supported_in_api"], sol["shell_type"]) == ("list", True, "shell_command")
    assert sol["context_window"] == 1_050_000


@every_column
async def test_codexs_own_headers_reach_openai_alone(stage: Stage, column: str) -> None:
    tool = Codex()
    await send(stage, tool, tool.ask(MODELS[column].asked, "hello"))

    received = stage.mock.only_request()
    own = {each for each in received.names if each.startswith("x-codex-")}
    openais = {"x-codex-window-id", "x-codex-turn-metadata", "x-codex-installation-id"}
    assert own == (openais if column in ("codex", "sol") else set())
    assert [each for each in received.names if each in ("originator", "version")] == []


async def test_a_tool_with_a_wrong_key_is_told_so_in_its_own_words(stage: Stage) -> None:
    """Codex then asks its user to sign in; an HTML page would make it try again."""
    for sdk, tool in TOOLS:
        asked = tool.ask(MODELS["claude"].asked, "hello")
        async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False) as client:
            headers = {**asked.headers, **tool.credential("sk-of-nobody")}
            answer = await client.post(asked.path, content=wire(asked.body), headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, error.get("type", error.get("status"))) == (
            401,
            {"google": "UNAUTHENTICATED"}.get(sdk, "authentication_error"),
        )
    assert stage.mock.requests() == []
