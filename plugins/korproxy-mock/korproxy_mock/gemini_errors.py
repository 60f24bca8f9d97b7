"""Errors in Google's words: ``google.rpc.Status``. Pure."""

from collections.abc import Iterable

from korproxy_mock.formats import JsonObject, Problem, Refused
from korproxy_mock.script import RetryAfter, Script

_RPC = "type.googleapis.com/google.rpc."
_SERVICE = "generativelanguage.googleapis.com"
_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED",
    413: "RESOURCE_EXHAUSTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_BAD_KEY = "API key not valid. Please pass a valid API key."
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of "
    "API consumer identity to call this API."
)
_BAD_LOGIN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, head "
    "to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_MESSAGES = {
    400: "Request contains an invalid argument.",
    401: _BAD_LOGIN,
    403: "The caller does not have permission",
    413: "Request payload size exceeds the limit: 20971520 bytes.",
    429: _QUOTA,
    499: "The operation was cancelled.",
    500: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
    503: "The model is overloaded. Please try again later.",
    504: "The request timed out. Please try again.",
}
_SERVER = 500


def problem(status: int, message: str, *details: JsonObject) -> Problem:
    """Say *message* with the name that belongs to *status*."""
    kind = _STATUS.get(status, _STATUS[_SERVER if status >= _SERVER else 400])
    return Problem(status=status, message=message, kind=kind, details=details)


def invalid(message: str) -> Refused:
    """Make a refusal with 400, in Google's own sentence."""
    return Refused(problem(400, message))


def wrong(field: str, why: str) -> Refused:
    """Make a refusal where Google says no more than that something is wrong; the mock's own *why* stands in the details."""
    return Refused(problem(400, _MESSAGES[400], _bad_request([(field, why)])))


def malformed(violations: Iterable[tuple[str, str]]) -> Refused:
    """Make the JSON parser's refusal of all *violations*: field and description."""
    listed = list(violations)
    return Refused(problem(400, "\n".join(said for _, said in listed), _bad_request(listed)))


def violated(faults: Iterable[tuple[str, str]], message: str = "GenerateContentRequest") -> Refused:
    """Make the validator's refusal of all *faults*: path and reason."""
    return Refused(problem(400, "".join(f"* {message}.{path}: {why}\n" for path, why in faults)))


def no_key() -> Problem:
    """Say 403 for a missing key."""
    return problem(403, _NO_KEY)


def wrong_key() -> Problem:
    """Say that the key is not valid: with 400, as Google does."""
    localized = {"@type": f"{_RPC}LocalizedMessage", "locale": "en-US", "message": _BAD_KEY}
    return problem(400, _BAD_KEY, _info("API_KEY_INVALID"), localized)


def wrong_token() -> Problem:
    """Say 401 for a wrong bearer token."""
    return problem(401, _BAD_LOGIN, _info("ACCESS_TOKEN_TYPE_UNSUPPORTED"))


def model_not_found(model: str, version: str, method: str = "generateContent") -> Problem:
    """Say 404 for a model."""
    message = (
        f"models/{model} is not found for API version {version}, or is not supported for {method}. Call ListModels to see "
        "the list of available models and their supported methods."
    )
    return problem(404, message)


def scripted(model: str, script: Script) -> Problem:
    """Say the error a script asks for: Google's usual one of that status, its fields replaced where the script has them."""
    usual = _of_kind(script.kind, model) or _of_status(script, model)
    message, details = usual.message, list(usual.details)
    if script.retry_after is not None and (wait := _seconds(script.retry_after)):
        details.append({"@type": f"{_RPC}RetryInfo", "retryDelay": wait})
        message = f"{message} Please retry in {wait}."
    if script.code is not None:
        details.insert(0, _info(script.code))
    if script.param is not None:
        details.append(_bad_request([(script.param, message)]))
    return Problem(
        status=script.status or usual.status,
        message=message if script.message is None else script.message,
        kind=usual.kind if script.kind is None or _of_kind(script.kind, model) else script.kind,
        details=tuple(details),
    )


def _of_kind(kind: str | None, model: str) -> Problem | None:
    if kind == "insufficient_quota":
        return problem(429, _QUOTA, _quota(model, "PerDay"))
    if kind == "context-length":
        return problem(
            400, "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."
        )  # fmt: skip
    return None


def _of_status(script: Script, model: str) -> Problem:
    status = script.status or _SERVER
    if status == 404:
        return model_not_found(model, "v1beta")
    details = (_quota(model, "PerDay" if script.ratelimit_headers == "unified" else "PerMinute"),) if status == 429 else ()
    return problem(status, _MESSAGES.get(status, _MESSAGES[_SERVER if status >= _SERVER else 400]), *details)


def _seconds(hint: RetryAfter) -> str | None:
    """Write a wait as a protocol buffer's duration; dates and nonsense go into a header instead."""
    if hint.form not in ("seconds", "ms"):
        return None
    return f"{float(hint.amount) / (1000 if hint.form == 'ms' else 1):g}s"


def _bad_request(violations: Iterable[tuple[str, str]]) -> JsonObject:
    listed = [{"field": field, "description": said} if field else {"description": said} for field, said in violations]
    return {"@type": f"{_RPC}BadRequest", "fieldViolations": listed}


def _info(reason: str) -> JsonObject:
    return {"@type": f"{_RPC}ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": {"service": _SERVICE}}


def _quota(model: str, window: str) -> JsonObject:
    violation = {
        "quotaMetric": f"{_SERVICE}/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequests{window}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": "10",
    }
    return {"@type": f"{_RPC}QuotaFailure", "violations": [violation]}
