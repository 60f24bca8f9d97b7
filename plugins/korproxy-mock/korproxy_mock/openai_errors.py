"""Errors in OpenAI's words. Pure."""

from korproxy_mock.formats import Problem
from korproxy_mock.script import Script

INVALID = "invalid_request_error"
_KEYS_PAGE = "https://platform.openai.com/account/api-keys"


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Problem:
    """Say 400."""
    return Problem(status=400, message=message, kind=INVALID, param=param, code=code)


def no_json() -> Problem:
    """Say that the body is no JSON."""
    return invalid(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
        "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
    )


def no_key() -> Problem:
    """Say 401 for a missing key."""
    message = (
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
        "API from your browser and are prompted for a username and password. You can obtain an API key from "
        f"{_KEYS_PAGE}."
    )
    return Problem(status=401, message=message, kind=INVALID)


def wrong_key(shown: str) -> Problem:
    """Say 401 for a wrong key, *shown* with its middle hidden."""
    message = f"Incorrect API key provided: {shown}. You can find your API key at {_KEYS_PAGE}."
    return Problem(status=401, message=message, kind=INVALID, code="invalid_api_key")


def model_not_found(model: str) -> Problem:
    """Say 404 for a model."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Problem(status=404, message=message, kind=INVALID, code="model_not_found")


def previous_not_found(identity: str) -> Problem:
    """Say 400 for a response to go on from that this key did not store."""
    message = f"Previous response with id '{identity}' not found."
    return invalid(message, param="previous_response_id", code="previous_response_not_found")


def response_not_found(identity: str) -> Problem:
    """Say 404 for a response that this key did not store."""
    return Problem(status=404, message=f"Response with id '{identity}' not found.", kind=INVALID)


def item_not_found(identity: str) -> Problem:
    """Say 404 for an item that this key did not store."""
    message = (
        f"Item with id '{identity}' not found. Items are not persisted when `store` is set to false. Try again with "
        "`store` set to true, or remove this item from your input."
    )
    return Problem(status=404, message=message, kind=INVALID, param="input")


def tools_need_responses(model: str) -> Problem:
    """Say 400 for tools that the model takes with the Responses API only."""
    message = (
        f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. "
        "Please use /v1/responses instead, or set reasoning_effort to 'none'."
    )
    return invalid(message, param="reasoning_effort")


def unverified_content(shown: str) -> Problem:
    """Say 400 for encrypted content, *shown* by its ends, that is another account's or another model's, or was changed."""
    message = (
        f"The encrypted content {shown} could not be verified. Reason: Encrypted content could not be decrypted or parsed."
    )
    return invalid(message, code="invalid_encrypted_content")


def scripted(model: str, script: Script) -> Problem:
    """Say the error a script asks for: OpenAI's usual one of that status, its fields replaced where the script has them."""
    usual = _of_kind(script.kind, model) or _of_status(script.status or 500, model)
    return Problem(
        status=script.status or usual.status,
        message=usual.message if script.message is None else script.message,
        kind=usual.kind if script.kind is None or _of_kind(script.kind, model) else script.kind,
        code=usual.code if script.code is None else script.code,
        param=usual.param if script.param is None else script.param,
    )


def _of_kind(kind: str | None, model: str) -> Problem | None:
    if kind == "insufficient_quota":
        message = (
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
        )
        return Problem(status=429, message=message, kind="insufficient_quota", code="insufficient_quota")
    if kind == "context-length":
        message = (
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. "
            "Please reduce the length of the messages."
        )
        return invalid(message, param="messages", code="context_length_exceeded")
    if kind == "invalid-encrypted-content":
        return unverified_content("gAAA...bW9j")
    return tools_need_responses(model) if kind == "responses-only" else None


def _of_status(status: int, model: str) -> Problem:
    rate = (
        f"Rate limit reached for {model} in organization org-mock on requests per min (RPM): Limit 3, Used 3, "
        "Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    words: dict[int, tuple[str, str, str | None]] = {
        400: ("Invalid request.", INVALID, None),
        401: (wrong_key("sk-m********mock").message, INVALID, "invalid_api_key"),
        402: ("Insufficient Balance", "insufficient_balance", INVALID),
        403: (
            "Country, region, or territory not supported",
            "request_forbidden",
            "unsupported_country_region_territory",
        ),
        404: (model_not_found(model).message, INVALID, "model_not_found"),
        413: ("Request body is too large.", INVALID, None),
        429: (rate, "requests", "rate_limit_exceeded"),
        500: ("The server had an error while processing your request. Sorry about that!", "server_error", None),
        503: ("The engine is currently overloaded, please try again later", "service_unavailable_error", "slow_down"),
    }  # fmt: skip
    message, kind, code = words.get(status, words[500] if status >= 500 else words[400])
    return Problem(status=status, message=message, kind=kind, code=code)
