"""Codes of the category PROV: what a provider answered, or why none could be asked."""

from korproxy.errors.codes import ErrorCode, Severity

PROV: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-PROV-101",
        message="The provider refused the request.",
        description=(
            "The provider read the request and said no, with a status between 400 and 499 that has no code of its own here."
            " Mostly the model does not know a parameter, a value is out of its range, or the prompt is longer than it takes."
        ),
        steps=(
            "Read the provider's own message in the answer: it names what is wrong.",
            "Compare the parameters your tool sends with what the provider documents for this model.",
            "Try another model, or a shorter conversation.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-102",
        message="The provider failed while it worked on the request.",
        description=(
            "The provider answered with a status of 500 or more, or ended a stream with an error event of its own,"
            " so the fault is on its side. Such faults mostly pass within minutes."
        ),
        steps=(
            "Send the request again after a moment.",
            "Look at the provider's status page if it goes on.",
            "Tell the provider the id in the header `X-KorProxy-Upstream-Request-ID`: its support can find the request by it.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-PROV-103",
        message="The provider is overloaded.",
        description=(
            "The provider answered 503 or 529, which means that it has too much work at the moment, from everybody."
            " It is not about your account or your request."
        ),
        severity=Severity.WARNING,
        steps=(
            "Wait as long as the header `Retry-After` says, or half a minute, and send the request again.",
            "Use another model or another provider in the meantime.",
            "Look at the provider's status page if it goes on.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-PROV-104",
        message="The provider does not know this model or address.",
        description=(
            "The provider answered 404."
            " It has no such model, or your account may not use it, or `base_url` leads to the wrong place on its server."
        ),
        steps=(
            "Check the model's name against the provider's list: names often carry a date or a version.",
            "Check that your account has access to this model, on the provider's site.",
            "Check `base_url` in `[providers.X]`; leave it out for the type's own address.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-PROV-105",
        message="No configured provider offers this model.",
        description=(
            "KorProxy looks for a provider that lists the model or has a pattern that fits its name."
            " None does, and the name does not begin with the name of a configured provider either."
        ),
        steps=(
            "See which models there are: `GET /v1/models`.",
            "Name the provider in front of the model, as in `PROVIDER/MODEL`.",
            "Add the name, or a pattern with `*`, to `models` in `[providers.X]`, and run `korproxy check`.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-PROV-106",
        message="This service has ended.",
        description=(
            "The provider closed this service for good; the message names the date."
            " iFlow ended on 2026-04-17, for example."
            " KorProxy keeps the type so that it can say so, and for servers of the same kind under another address."
        ),
        steps=(
            "Configure another provider in korproxy.toml, for example one of the type `compatible`, and run `korproxy check`.",
            "If you run a server that speaks the same format, set its address as `base_url` in `[providers.X]`.",
            "Choose a model of another provider in your tool: `GET /v1/models`.",
        ),
        status=410,
    ),
    ErrorCode(
        code="KP-PROV-107",
        message="Something answered that is not the provider's API.",
        description=(
            "The answer has a good status, but it is a web page or another content type than the API's."
            " Mostly `base_url` points to the provider's website,"
            " or the sign-in page of a network (hotel, company) stands in between."
        ),
        steps=(
            "Check `base_url` in `[providers.X]`: it has to be the address of the API, often with `/v1` at its end.",
            "Open that address in a browser: a sign-in page of your network would show up.",
            "Run `korproxy check` after a change to korproxy.toml; KorProxy reads it within a second.",
        ),
        status=502,
    ),
    ErrorCode(
        code="KP-PROV-108",
        message="The provider answered with nothing.",
        description=(
            "The status was 200, but the body is empty, so there is no answer to pass on."
            " Some servers do this when they run out of memory or when a proxy in front of them lost the answer."
            " KorProxy never reports that as a success."
        ),
        steps=(
            "Send the request again.",
            "If it is a server of your own, look into its log.",
            "Check `base_url` in `[providers.X]`.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-PROV-110",
        message="The credit or quota of this account is used up.",
        description=(
            "The provider says that the account has no money, no credit or no allowance left."
            " In contrast to a rate limit this does not pass by itself within minutes."
        ),
        steps=(
            "Look at balance and spending limits on the provider's site.",
            "Add credit there, or wait until the allowance is renewed.",
            "Use another provider in the meantime: `GET /v1/models` lists what there is.",
        ),
        status=402,
    ),
    ErrorCode(
        code="KP-PROV-111",
        message="The provider answered with a redirect, which KorProxy never follows.",
        description=(
            "Following a redirect would send your prompt and your key to an address that nobody configured."
            " Mostly `base_url` says http where it should say https, or the service has moved."
        ),
        steps=(
            "Check scheme, host and path of `base_url` in `[providers.X]` against the provider's documentation.",
            "Write the final address there if you trust it.",
            "Run `korproxy check`; KorProxy reads the change within a second.",
        ),
        status=502,
    ),
    ErrorCode(
        code="KP-PROV-112",
        message="The request is too large for the provider.",
        description=(
            "The provider answered 413: it takes fewer bytes per request than yours has."
            " Images and long tool results are the usual reason."
            " This is the provider's limit; KorProxy's own one has the code KP-SYS-508."
        ),
        steps=(
            "Shorten the conversation, or start a new one.",
            "Send fewer or smaller images and files.",
            "Choose a provider that takes larger requests.",
        ),
        status=413,
    ),
    ErrorCode(
        code="KP-PROV-113",
        message="A request of this format cannot go to this provider.",
        description=(
            "The tool speaks one API format, the provider speaks another, and KorProxy cannot translate between these two."
            " Between the same formats requests pass byte for byte."
        ),
        steps=(
            "Choose a model of a provider that speaks the tool's format: `GET /v1/models`.",
            "Set the tool to the provider's format if it knows several, for example OpenAI in place of Anthropic.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-114",
        message="The provider does not permit this.",
        description=(
            "The provider answered 403: it accepts the credential, but not this use of it."
            " The model may need an approval, the key may be restricted, or the service is not offered in your country."
        ),
        steps=(
            "Read the provider's own message in the answer.",
            "Check on the provider's site which models and rights the key has.",
            "Use another account or another provider for this model.",
        ),
        status=403,
    ),
    ErrorCode(
        code="KP-PROV-115",
        message="This request cannot be carried into the provider's format.",
        description=(
            "Your tool and the provider speak different formats, and KorProxy translates between them. This request holds"
            " something for which the provider's format has no place and without which it would mean something else, so it is"
            " refused in place of being sent in part. What only makes a difference of degree is left out instead,"
            " and named in the header `X-KorProxy-Lossy`."
        ),
        steps=(
            "Read the message: it names the place in your request and what stands in the way.",
            "See what would be sent: `korproxy explain REQUEST.json --to PROVIDER/MODEL`.",
            "Use a model whose provider speaks your tool's own format, or change that part of the request.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-116",
        message="The provider's answer does not follow its own format.",
        description=(
            "KorProxy was to translate the answer and could not: it was no JSON, a tool call with arguments that are no JSON,"
            " or events in an order that makes no sense. An answer is never passed on as if it were good; what came before the"
            " mistake has been sent."
        ),
        steps=(
            "Send the request again: models garble a tool call now and then.",
            "Check that `base_url` and `type` of the provider match: a server may speak another format than its type says.",
            "If one model does it again and again, use another one, and tell the provider.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-PROV-117",
        message="The provider of this model cannot do what is asked for.",
        description=(
            "Not every provider counts tokens, makes embeddings or compacts conversations. Where it does not, KorProxy says so"
            " at once: tools that count, such as Claude Code, then estimate by themselves. An invented number would be worse."
        ),
        steps=(
            "If the tool goes on working, there is nothing to do.",
            "Ask for a model of a provider that can: `GET /v1/models` lists those for embeddings, too.",
            "Of a `compatible` server, say in `speaks` which formats it has.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-PROV-118",
        message="The answer that the request goes on from is not known.",
        description=(
            "`previous_response_id` names an answer that KorProxy does not have, or not any more: answers are kept in memory"
            " only, for some hours, for the client key that asked for them, and not across a restart. The code inside of the"
            " error is OpenAI's own `previous_response_not_found`, on which tools send the whole conversation."
        ),
        steps=(
            "Send the whole conversation in place of the id of its last answer.",
            "If the answer was asked for with `store` set to false, it was never kept.",
            "Use the same KorProxy key for all turns of a conversation.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-119",
        message="Only Anthropic holds conversations as threads.",
        description=(
            "The request asks with `thread` that the conversation is held where it is answered, so that the next request brings"
            " only what is new. This model is reached in another format, which has no threads, and an answer would be taken for"
            " a promise. The `error_code` is Anthropic's own `thread_unsupported_request`, on which tools send the whole"
            " conversation."
        ),
        steps=(
            "If the tool goes on working, there is nothing to do.",
            "Send the whole conversation each time, without `thread`, as `tool_runner` does on its own.",
            "Ask for a model of Anthropic.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-120",
        message="The profile that the request asks for does not exist.",
        description=(
            "A request can name a profile of its own in the header `X-KorProxy-Profile`. routing.toml has no profile with this"
            " name. The request was not sent: another profile may lead to another provider."
        ),
        steps=(
            "`korproxy profile list` shows what there is; names are case-sensitive.",
            "Correct the header in the tool's settings, or leave it out: then the profile in force applies.",
            "Make the profile with `korproxy profile create NAME`.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-121",
        message="Nobody in the group serves the model.",
        description=(
            "A rule in routing.toml sends the request to a group, and no account in that group offers the model. A rule is"
            " strict: nobody outside the group is asked."
        ),
        steps=(
            "`korproxy why ID` shows which rule that was; the id is in the answer's header `X-KorProxy-Request`.",
            "Give the rule a `model` that the group serves, or narrow its conditions.",
            "Add an account to the group whose provider offers the model.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-PROV-122",
        message="Safe mode is on, and nobody serves its model.",
        description=(
            "In safe mode all conversations go to one model. No configured provider offers that model, so the"
            " request was refused."
        ),
        steps=(
            "Choose a model that a provider offers: `korproxy safe-mode on --model MODEL`.",
            "Or switch safe mode off: `korproxy safe-mode off`.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-PROV-123",
        message="The header does not name a type of request.",
        description=(
            "`X-KorProxy-Request-Type` says how to classify a request, whatever its path. It can be chat, completion,"
            " embedding or other."
        ),
        steps=(
            "Correct the header in the tool's settings.",
            "Leave it out: the path usually says the same.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-PROV-124",
        message="A rule refuses the request.",
        description=(
            "A rule in routing.toml matches this request and says that it is to be refused. Whoever configured KorProxy wanted"
            " that. No provider was asked."
        ),
        steps=(
            "The message names the rule; `korproxy route list` shows its conditions.",
            "`korproxy why ID` shows all rules that were tried; the id is in the answer's header `X-KorProxy-Request`.",
            "If it refuses too much, narrow it or put another rule before it; `korproxy route delete NAME` deletes it.",
        ),
        status=403,
    ),
    ErrorCode(
        code="KP-PROV-125",
        message="All accounts that could answer are switched off.",
        description=("All the accounts that serve this model have been disabled by hand. So nobody was asked."),
        steps=(
            "`korproxy account list` shows which accounts there are, and which of them are disabled.",
            "`korproxy account enable PROVIDER/ACCOUNT` lets one answer again.",
            "Use another model, or add an account for this one.",
        ),
        status=503,
    ),
)
