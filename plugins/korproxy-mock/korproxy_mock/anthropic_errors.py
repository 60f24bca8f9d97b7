"""Errors in Anthropic's words. Pure."""

from korproxy_mock.formats import Problem, Refused
from korproxy_mock.script import Script

_KINDS = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
    504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
_MESSAGES = {
    400: "Invalid request.",
    401: "invalid x-api-key",
    402: "Your account has a billing problem. Please go to Plans & Billing.",
    403: "Your API key does not have permission to use the specified resource.",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit of 50 requests per minute. Please try again later.",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Request timed out",
    529: "Overloaded",
}
_SERVER = 500


def problem(status: int, message: str) -> Problem:
    """Say *message* with the type that belongs to *status*."""
    return Problem(status=status, message=message, kind=_KINDS.get(status, _KINDS[_SERVER if status >= _SERVER else 400]))


def invalid(message: str) -> Refused:
    """Make a refusal with 400."""
    return Refused(problem(400, message))


def model_not_found(model: str) -> Problem:
    """Say 404 for a model."""
    return problem(404, f"model: {model}")


def scripted(model: str, script: Script) -> Problem:
    """Say the error a script asks for: Anthropic's usual one of that status, its fields replaced where given."""
    usual = _of_kind(script.kind)
    if usual is None:
        status = script.status or _SERVER
        words = model_not_found(model).message if status == 404 else _MESSAGES.get(status, _MESSAGES[_SERVER])
        usual = problem(status, words)
        kind = usual.kind if script.kind is None else script.kind
    else:
        kind = usual.kind
    message = usual.message if script.message is None else script.message
    return Problem(status=script.status or usual.status, message=message, kind=kind, code=script.code, param=script.param)


def _of_kind(kind: str | None) -> Problem | None:
    if kind == "insufficient_quota":
        message = (
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
            "purchase credits."
        )
        return problem(400, message)
    if kind == "context-length":
        return problem(400, "prompt is too long: 210000 tokens > 200000 maximum")
    return None
