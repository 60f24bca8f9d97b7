"""What a reply should be like: the script that directives spell out. Plain data."""

import attrs

ACTIONS = ("chat", "count", "embed", "models", "model", "compact", "stored")  # what requests are for


@attrs.frozen(kw_only=True)
class Usage:
    """Token counts, written into the vendor's own fields as they stand.

    OpenAI's input field includes the cached tokens, Anthropic's excludes them: ``input`` is that field, whatever it means.
    """

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0


@attrs.frozen(kw_only=True)
class ToolCall:
    """A call the model makes. ``arguments`` is JSON text, possibly broken; None: none were scripted."""

    name: str
    arguments: str | None = None


@attrs.frozen(kw_only=True)
class RetryAfter:
    """A hint when to come back. ``form`` is ``seconds``, ``ms``, ``date`` (seconds ahead) or ``raw`` (sent unread)."""

    form: str = "seconds"
    amount: str


@attrs.frozen(kw_only=True)
class Aim:
    """Which requests a pushed script is for; None matches all."""

    action: str = "chat"
    provider: str | None = None
    key: str | None = None
    model: str | None = None
    times: int | None = 1  # None: for ever

    def hits(self, *, action: str, provider: str, key: str, model: str) -> bool:
        """Tell whether a request with these properties is meant."""
        return (
            self.action == action
            and self.provider in {None, provider}
            and self.key in {None, key}
            and self.model in {None, model}
        )


@attrs.frozen(kw_only=True)
class Script:
    """One reply, as directives ask for it; every default means: behave. Seconds, bytes, and counts of stream events."""

    # what is said
    text: str | None = None
    words: int | None = None
    thinking: str | None = None
    redacted: str | None = None
    summary_parts: int | None = None
    phase: str | None = None
    tools: tuple[ToolCall, ...] = ()
    stop: str | None = None
    refusal: str | None = None
    search: str | None = None
    cite: str | None = None
    usage: Usage | None = None
    echo_request: bool = False
    # an error instead
    status: int | None = None
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    message: str | None = None
    retry_after: RetryAfter | None = None
    ratelimit_headers: str | None = None
    # when
    first_byte: float = 0.0
    first_event: float = 0.0
    gap: float = 0.0
    # what goes wrong on the way
    stall_after: int | None = None
    cut_after: int | None = None
    cut_inside: bool = False
    cut: str = "fin"
    split: str | int | None = None
    join: int = 1
    malformed_after: int | None = None
    error_after: int | None = None
    no_terminal: bool = False
    html: bool = False
    empty: bool = False
    early_close: bool = False
    close_after_head: bool = False
    redirect: str | None = None
    comments: bool = False
    crlf: bool = False
    gzip: str | None = None
    usage_in_every_chunk: bool = False
    no_usage: bool = False
    quirks: tuple[str, ...] = ()
    # whom a pushed script is for
    aim: Aim = attrs.field(factory=Aim)

    @property
    def speaks(self) -> bool:
        """Whether it says itself what the answer is, instead of leaving that to the mock."""
        said = (self.text, self.words, self.thinking, self.redacted, self.refusal)
        return any(each is not None for each in said) or bool(self.tools) or self.echo_request
