"""What a model can do, and how it wants to be asked. Data: the providers' catalogues fill it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")  # in rising order

# How reasoning is asked for. Chat: "effort" (reasoning_effort), "switch" (enable_thinking and thinking_budget). Messages:
# "budget" (thinking.enabled with budget_tokens), "adaptive" (thinking.adaptive with output_config.effort), "both" (either),
# "always" (cannot be switched off or on, only output_config.effort). Gemini: "budget" (thinkingBudget), "level"
# (thinkingLevel).
ReasoningForm: TypeAlias = Literal["none", "effort", "switch", "budget", "adaptive", "both", "always", "level"]
# How a web search is asked for that the vendor runs itself. "tool": as one more tool (Responses, Messages, Gemini). "alone":
# the same, but not beside tools of the client. "options": Chat only, web_search_options. "none": there is none.
SearchForm: TypeAlias = Literal["none", "tool", "alone", "options"]
BY_EFFORT: frozenset[ReasoningForm] = frozenset({"effort", "adaptive", "both", "always", "level"})  # these have ``efforts``


@attrs.frozen(kw_only=True)
class Abilities:
    """What a model can do. The defaults are those of a server nobody knows: it gets everything in the plainest form.

    Attributes:
        family: Whose sealed reasoning it makes and reads back: ``anthropic``, ``google``, ``openai``... Empty: nobody's.
        window: Tokens of the whole context; None: not known.
        output: Tokens of the longest answer; None: not known.
        tools, images, documents, audio: It takes them. ``documents`` are files such as PDF.
        image_links: It fetches images by their https address; else they have to be sent along.
        structured: It takes a JSON schema for its answer.
        sampling: ``all``: temperature, top_p and top_k; ``one``: temperature or top_p, not both; ``none``: all of them, and the
            penalties, are refused or ignored.
        system_turns: It takes system text between turns; else only in front.
        prefill: The last turn may be the assistant's, to be continued.
        reasoning: How reasoning is asked for.
        efforts: The levels it knows, rising, ``none`` among them only where it is taken as a word; of ``budget`` models empty.
        reasoning_off: Reasoning can be switched off.
        summaries: Responses only: a summary of the reasoning is given where it is asked for.
        reasoning_back: Chat only: ``reasoning_content`` of former answers is wanted back.
        completion_tokens: Chat only: the limit is called ``max_completion_tokens``, not ``max_tokens``.
        forced_tools: A call can be demanded (tool choice ``any``, or a tool by name). ``calm``: while it does not reason.
        tools_while_reasoning: Chat only: tools are taken while it reasons; else reasoning has to be off (effort ``none``), or
            another endpoint be used.
        search: How a web search of the vendor's own is asked for.
    """

    family: str = ""
    window: int | None = None
    output: int | None = None
    tools: bool = True
    images: bool = True
    documents: bool = True
    audio: bool = False
    image_links: bool = True
    structured: bool = True
    sampling: Literal["all", "one", "none"] = "all"
    system_turns: bool = False
    prefill: bool = True
    reasoning: ReasoningForm = "none"
    efforts: tuple[str, ...] = ()
    reasoning_off: bool = True
    summaries: bool = True
    reasoning_back: bool = False
    completion_tokens: bool = False
    forced_tools: Literal["always", "calm", "never"] = "always"
    tools_while_reasoning: bool = True
    search: SearchForm = "none"
