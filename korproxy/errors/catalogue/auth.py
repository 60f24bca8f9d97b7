"""Codes of the category AUTH: who may call, and whose credential was refused."""

from korproxy.errors.codes import ErrorCode

AUTH: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-AUTH-001",
        message="The request carries no KorProxy key.",
        description=(
            "Every program on this machine can reach KorProxy's address, so each request has to show a key."
            " That key is made at the first start and stands in `secrets/client.key`."
            " The tool that called sent no key at all."
        ),
        steps=(
            "Print the key with `korproxy key show client`.",
            "Give it to your tool as its API key, in `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or the tool's own setting.",
            "If your tool has to send its provider's key there, send KorProxy's key in the header `X-KorProxy-Key`.",
        ),
        status=401,
    ),
    ErrorCode(
        code="KP-AUTH-002",
        message="The KorProxy key in the request is wrong.",
        description=(
            "The request carries a key, but none that KorProxy knows."
            " Mostly the tool still sends a provider's own key, or a key that belongs to another home."
            " Keys are compared as a whole, so a copy that lost a character fails too."
        ),
        steps=(
            "Compare the tool's API key with what `korproxy key show client` prints.",
            "If several homes are in use, name the daemon's own one: `korproxy key show client --home DIR`.",
            "If your tool has to send its provider's key, send KorProxy's key in the header `X-KorProxy-Key`.",
        ),
        status=401,
    ),
    ErrorCode(
        code="KP-AUTH-003",
        message="The key in the request does not permit this.",
        description=(
            "The key is right, but it is made for less than was asked."
            " A client key is for AI requests only, so that a tool which has it cannot change or read out your KorProxy."
            " The management API wants the management key."
        ),
        steps=(
            "Print the right key with `korproxy key show management`.",
            "Send it as `Authorization: Bearer KEY` or in the header `X-Management-Key`.",
            "Leave the client key in your tools: none of them needs the management key.",
        ),
        status=403,
    ),
    ErrorCode(
        code="KP-AUTH-004",
        message="The request was sent to a host name that KorProxy does not answer to.",
        description=(
            "A web page can let its own host name point to your machine, and so reach programs that listen only there"
            " (DNS rebinding)."
            " That is why KorProxy looks at the Host header before anything else."
            " It answers where that header names this machine, or a name you have allowed."
        ),
        steps=(
            "Use the address that `korproxy status` prints, for example `http://127.0.0.1:1337`.",
            "If KorProxy is reached under another name (a container, a reverse proxy), list that in `[server] allowed_hosts`.",
            "Nothing has to be restarted: KorProxy reads the change within a second.",
        ),
        status=403,
    ),
    ErrorCode(
        code="KP-AUTH-005",
        message="The request comes from a web page that is not allowed.",
        description=(
            "A browser sets the Origin header to say which site a request comes from."
            " Any site you visit could try to use your KorProxy in this way,"
            " so only KorProxy's own pages and the origins you listed may."
        ),
        steps=(
            "If you did not expect a web page to call KorProxy, do nothing: it was kept out.",
            "If it is your own web application, add its origin with scheme and port to `[server] allowed_origins`.",
            "Nothing has to be restarted: KorProxy reads the change within a second.",
        ),
        status=403,
    ),
    ErrorCode(
        code="KP-AUTH-006",
        message="This address of the management API needs a key.",
        description=(
            "Whatever changes something or shows keys, settings or requests needs a key."
            " The harmless reading addresses are open, but only on a loopback address, without a proxy in between,"
            " and while `[server] public_reads` is on."
        ),
        steps=(
            "Print the key with `korproxy key show management`.",
            "Send it as `Authorization: Bearer KEY` or in the header `X-Management-Key`.",
        ),
        status=401,
    ),
    ErrorCode(
        code="KP-AUTH-007",
        message="The provider does not accept the credential of your account.",
        description=(
            "KorProxy sent the key that is configured for this account, and the provider refused it."
            " The key may be mistyped, withdrawn, expired or made for another region or organisation."
            " Sending the same key again cannot help."
        ),
        steps=(
            "See in korproxy.toml which variable or file the account's `key` refers to, and what is in there.",
            "Make a new key on the provider's site if the old one was withdrawn, and put it into that variable or file.",
            "Check that `base_url` in `[providers.X]` is the address this key is meant for.",
            "Run `korproxy reload`: it reads files again. A variable is read only when the daemon starts.",
            "The account is not asked again until its key changes. If the provider was wrong instead:"
            " `korproxy account wake PROVIDER/ACCOUNT`.",
        ),
        status=502,
    ),
    ErrorCode(
        code="KP-AUTH-008",
        message="The provider does not accept the credential that your tool sent.",
        description=(
            'The account says `credential = "client"`, so the tool\'s own credential was passed on without being stored.'
            " The provider refused it, and its answer was passed back as it came."
            " KorProxy has no part in this credential and cannot renew it."
        ),
        steps=(
            "Sign in again in the tool, or renew the provider's key there.",
            "Check that the tool does not send KorProxy's key in its place: that one belongs into the header `X-KorProxy-Key`.",
            "If KorProxy should use a key of its own, give the account a `key` in place of the `credential`.",
        ),
        status=401,
    ),
    ErrorCode(
        code="KP-AUTH-009",
        message="The request has no credential that could be passed on to the provider.",
        description=(
            'The account says `credential = "client"`: KorProxy holds no key for it and passes on what the tool sends.'
            " This request had nothing besides KorProxy's own key, and that never leaves your machine."
        ),
        steps=(
            "Let the tool send KorProxy's key in the header `X-KorProxy-Key`, and its provider's key where it always does.",
            "If the tool cannot set a header, give the account a `key` in place of the `credential`.",
            "Run `korproxy check` after a change to korproxy.toml; KorProxy reads it within a second.",
        ),
        status=401,
    ),
)
