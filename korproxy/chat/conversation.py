"""A request, in no format: turns, tools, wishes. Frozen and pure.

Where each thing stands in the four formats (Chat, Responses, Messages, Gemini generateContent) is said at each attribute; a
reader fills what its format has, a writer reports what its format lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.chat.parts import CacheMark, Part, _pointer
from korproxy.models.abilities import EFFORTS as EFFORTS
from korproxy.models.abilities import Effort as Effort

JsonObject: TypeAlias = Mapping[str, Any]
Role: TypeAlias = Literal["system", "user", "assistant"]


@attrs.frozen(kw_only=True)
class Turn:
    """One message. Neighbours may have the same role; results of tools stand in ``user`` turns, one turn per message.

    Attributes:
        role: ``system`` is Chat's ``system`` and ``developer``, Messages' ``system`` field and role, Gemini's
            ``systemInstruction``: at the place where the client put it.
        name: Chat's ``name`` of a participant.
    """

    role: Role
    parts: tuple[Part, ...] = ()
    name: str | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Tool:
    """A tool that the client runs.

    Attributes:
        schema: JSON Schema of the arguments; None: it takes none.
        strict: The arguments must fit the schema exactly. None: the client did not say.
        freeform: Called with bare text in place of JSON: ``custom`` tools of Chat and Responses.
        grammar: What a ``freeform`` text has to look like, as a text for the model.
        pointers: Where in the request ``schema`` and ``strict`` stood, by attribute name; and anything else of the tool that
            did not stand at its own place.
    """

    name: str
    description: str | None = attrs.field(default=None, repr=False)
    schema: JsonObject | None = attrs.field(default=None, repr=False)
    strict: bool | None = None
    freeform: bool = False
    grammar: str | None = attrs.field(default=None, repr=False)
    cache: CacheMark | None = None
    at: str = _pointer()
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class HostedTool:
    """A tool that the provider runs itself.

    Attributes:
        kind: ``web_search`` or the vendor's own type name. Chat ``web_search_options``, Responses ``web_search``, Messages
            ``web_search_20250305`` and later, Gemini ``googleSearch``.
        settings: Of a web search what more than one format knows, in these words: ``max_uses``, ``allowed_domains``,
            ``blocked_domains``, ``user_location`` (``city``, ``region``, ``country``, ``timezone``), ``search_context_size``.
            Of others whatever was there.
        pointers: Where each of the settings of a web search stood.
    """

    kind: str
    settings: JsonObject = attrs.field(factory=dict, repr=False)
    at: str = _pointer()
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class ToolChoice:
    """Which tools may or must be called.

    Attributes:
        mode: ``any``: at least one call. Chat ``required``, Messages ``any``, Gemini ``ANY``.
        names: Only these; empty: all. With ``any`` and one name, that one is forced.
    """

    mode: Literal["auto", "none", "any"] = "auto"
    names: tuple[str, ...] = ()
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Thinking:
    """How much the model should think.

    Chat ``reasoning_effort``, Responses ``reasoning``, Messages ``thinking`` and ``output_config.effort``, Gemini
    ``thinkingConfig``.

    Attributes:
        effort: ``none`` is off. None together with no budget: as much as the model likes (Messages ``adaptive``).
        budget: Tokens, where the client counts in tokens.
        shown: Whether the client wants to see it. None: it did not say.
    """

    effort: Effort | None = None
    budget: int | None = None
    shown: bool | None = None


@attrs.frozen(kw_only=True)
class OutputFormat:
    """What the answer's text has to be: JSON, or JSON of a schema.

    Chat ``response_format``, Messages ``output_config.format``.

    Attributes:
        pointers: Where in the request ``schema``, ``name``, ``description`` and ``strict`` stood, by attribute name.
    """

    kind: Literal["json", "schema"]
    schema: JsonObject | None = attrs.field(default=None, repr=False)
    name: str | None = None
    description: str | None = attrs.field(default=None, repr=False)
    strict: bool | None = None
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class Options:
    """Wishes about the answer. None (or empty): the client did not say.

    Attributes:
        max_tokens: Of the answer, reasoning included. Chat ``max_completion_tokens`` or ``max_tokens``.
        stop: Texts that end the answer. Chat ``stop``, Messages ``stop_sequences``.
        choices: How many answers. Chat ``n``, Gemini ``candidateCount``.
        parallel: Whether several tools may be called at once. Messages says it inside ``tool_choice``.
        user: Who asks. Chat ``safety_identifier`` or ``user``, Messages ``metadata.user_id``.
        tier: ``service_tier``.
        cache_key: ``prompt_cache_key`` of Chat and Responses.
        pointers: Where in the request each of the above stood, by attribute name.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    choices: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    parallel: bool | None = None
    thinking: Thinking | None = None
    verbosity: str | None = None
    output: OutputFormat | None = None
    user: str | None = None
    tier: str | None = None
    cache_key: str | None = None
    metadata: Mapping[str, str] | None = None
    store: bool | None = None
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class Asked:
    """What the writer of the client's answer has to know of the request.

    Attributes:
        model: As the client wrote it: answers repeat it, because tools compare.
        usage: Whether a stream should tell the usage where the format makes that optional (Chat's ``include_usage``).
        freeform: Names of the tools that are called with bare text.
        legacy: The tools came in Chat's form before tools (``functions``), so a call is told as ``function_call``.
        created: Seconds since the epoch, for formats that date their answers.
        id: Of this one request: nobody else's answer has it, and it cannot be guessed.
        namespaces: Name of a tool -> its namespace and its name in there, where the format has namespaces (Responses).
        repeated: Values of the request that the answer repeats (Responses).
    """

    model: str
    stream: bool = False
    usage: bool = False
    freeform: frozenset[str] = frozenset()
    legacy: bool = False
    created: int = 0
    id: str = ""
    namespaces: Mapping[str, tuple[str, str]] = attrs.field(factory=dict)
    repeated: JsonObject = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class Conversation:
    """One request.

    Attributes:
        choice: None: the client did not say.
    """

    turns: tuple[Turn, ...]
    tools: tuple[Tool | HostedTool, ...] = ()
    choice: ToolChoice | None = None
    options: Options = attrs.field(factory=Options)

    @property
    def functions(self) -> Sequence[Tool]:
        """The tools that the client runs."""
        return [each for each in self.tools if isinstance(each, Tool)]
