"""Codes of the category RATE: too much at once, at a provider or here. All of them pass by themselves."""

from korproxy.errors.codes import ErrorCode, Severity

RATE: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-RATE-401",
        message="The provider limits the rate of this account.",
        description=(
            "Your account sent more requests or tokens in a short time than its plan allows, and the provider answered 429."
            " The limit is the provider's, counted over all programs that use the account."
        ),
        severity=Severity.WARNING,
        steps=(
            "Wait as long as the header `Retry-After` says; most tools do that by themselves.",
            "Let fewer tools or sub-agents work at the same time, or lower `max_concurrency` in `[providers.X]`.",
            "Use another provider in the meantime: `GET /v1/models` lists what there is.",
            "If it happens often, ask the provider for a higher limit.",
        ),
        status=429,
        retryable=True,
    ),
    ErrorCode(
        code="KP-RATE-402",
        message="Too many requests wait for this provider.",
        description=(
            "A provider gets at most `max_concurrency` requests at once (64 unless configured)."
            " At most `max_queue` more may wait (256 unless configured)."
            " Both are full, so this request was turned away at once: waiting behind all of them would take too long."
        ),
        severity=Severity.WARNING,
        steps=(
            "Send the request again after a moment.",
            "Let fewer tools or sub-agents work at the same time.",
            "Raise `max_concurrency` or `max_queue` in `[providers.X]` if the provider can bear it.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-RATE-403",
        message="KorProxy has too many requests at once.",
        description=(
            "Over all providers, as many requests are running as `[server] max_running` allows (1000 unless configured)."
            " The limit protects this machine's memory; every running request holds its body there."
        ),
        severity=Severity.WARNING,
        steps=(
            "Send the request again after a moment.",
            "Let fewer tools or sub-agents work at the same time.",
            "Raise `[server] max_running` if the machine has memory to spare; KorProxy reads the change within a second.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-RATE-404",
        message="The request waited too long for its turn at this provider.",
        description=(
            "As many requests as `max_concurrency` allows were running at the provider, and none ended in time."
            " Waiting counts towards the first-byte deadline, so this request was given up without being sent."
        ),
        severity=Severity.WARNING,
        steps=(
            "Send the request again after a moment.",
            "Let fewer tools or sub-agents work at the same time.",
            "Raise `max_concurrency` in `[providers.X]` if the provider can bear it, or `[deadlines] first_byte`.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-RATE-405",
        message="All accounts that could answer are resting.",
        description=(
            "Each account that serves this model has been limited by its provider, or has failed several times, and is left"
            " alone for a while. `Retry-After` says when the first of them may be asked again. Waits up to"
            " `[retry] max_wait` (5 seconds unless configured) are handled by KorProxy itself."
        ),
        severity=Severity.WARNING,
        steps=(
            "Wait as long as the header `Retry-After` says; most tools do that by themselves.",
            "`korproxy account list` shows which accounts rest, why, and for how long; `korproxy why ID` shows who was asked.",
            "If you know that an account works again, `korproxy account wake PROVIDER/ACCOUNT` ends its wait.",
            "Add another account or another provider for this model.",
        ),
        status=429,
        retryable=True,
    ),
)
