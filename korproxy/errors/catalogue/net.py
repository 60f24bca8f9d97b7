"""Codes of the category NET: the way to a provider and back to the client."""

from korproxy.errors.codes import ErrorCode, Severity

NET: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-NET-301",
        message="The provider's host name cannot be resolved.",
        description=(
            "The system found no address for the host in `base_url`."
            " Either this machine has no network or no name server at the moment, or the name is mistyped."
        ),
        steps=(
            "Check that this machine is online.",
            "Check the host name of `base_url` in `[providers.X]`.",
            "If the name is only known inside a company network, connect to its VPN.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-302",
        message="The provider cannot be reached.",
        description=(
            "The provider's address refused the connection, or no way leads there."
            " With a server on your own machine this mostly means that it is not running or listens on another port."
        ),
        steps=(
            "If it is a local server, start it and compare its port with `base_url` in `[providers.X]`.",
            "Check that this machine is online and that no firewall blocks the address.",
            "If your network has a proxy, set `HTTPS_PROXY` where the daemon is started.",
            "Look at the provider's status page.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-303",
        message="The connection to the provider was not made in time.",
        description=(
            "Connecting, encryption included, took longer than the connect deadline (5 seconds unless configured)."
            " The network is slow, a firewall swallows the packets in silence, or the host is down."
            " Nothing of the request was sent."
        ),
        steps=(
            "Check that this machine is online and that no firewall blocks the address.",
            "Send the request again.",
            "On a slow network raise `[deadlines] connect`, or `deadlines` of this provider alone.",
        ),
        status=504,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-304",
        message="No secure connection to the provider could be made.",
        description=(
            "The TLS handshake failed, mostly because the certificate is not valid for this host, has expired,"
            " or comes from an authority that is unknown here."
            " A company proxy that looks into encrypted traffic has the same effect."
            " KorProxy never goes on without a valid certificate."
        ),
        steps=(
            "Check the date and time of this machine.",
            "Check scheme and host of `base_url` in `[providers.X]`: the certificate has to be made for exactly that name.",
            "If a proxy of your network inspects TLS, let this machine trust its authority, or name that in `SSL_CERT_FILE`.",
            "If it is a server of your own on this machine, use `http://127.0.0.1` with its port.",
        ),
        status=502,
    ),
    ErrorCode(
        code="KP-NET-305",
        message="The provider did not begin to answer in time.",
        description=(
            "The request was sent, and no byte came back before the first-byte deadline (120 seconds unless configured)."
            " Long prompts, large models and busy providers take long, above all where the tool does not ask for a stream."
        ),
        steps=(
            "Send the request again, or look at the provider's status page.",
            "Let the tool ask for a stream: the first bytes then come early.",
            "Raise `[deadlines] first_byte`, or `deadlines` of this provider alone.",
        ),
        status=504,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-306",
        message="The provider fell silent in the middle of its answer.",
        description=(
            "The answer had begun, and then nothing came for longer than the idle deadline (120 seconds unless configured)."
            " KorProxy ended the answer with an error, so that your tool does not wait for ever or take a part for the whole."
        ),
        steps=(
            "Send the request again.",
            "If the model thinks for long without a word, raise `[deadlines] idle`, or `deadlines` of this provider alone.",
            "If it happens often, look at the provider's status page and at your network.",
        ),
        status=504,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-307",
        message="The request took longer than a request may take.",
        description=(
            "A request as a whole may take as long as the total deadline says (1800 seconds unless configured)."
            " This one was still running then. It would most likely be again."
        ),
        steps=(
            "Ask for less at once, for example a smaller maximum of output tokens.",
            "Raise `[deadlines] total`, or `deadlines` of this provider alone.",
        ),
        status=504,
    ),
    ErrorCode(
        code="KP-NET-308",
        message="The connection to the provider was lost before the answer began.",
        description=(
            "The provider, or something on the way to it, closed the connection after the request was sent."
            " Whether the provider had begun to work on it is not known."
        ),
        steps=(
            "Send the request again.",
            "If only large requests are lost, a proxy on the way may limit their size.",
            "If it happens often, look at the provider's status page and at your network.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-309",
        message="The answer was cut off in the middle.",
        description=(
            "The connection closed before the answer was complete: announced bytes are missing, or its format's own end is."
            " Your tool gets an error at this place, never a part that looks like the whole."
        ),
        steps=(
            "Send the request again.",
            "If it always breaks after the same time, look for a time limit in a proxy on the way.",
            "If it is a server of your own, look into its log.",
        ),
        status=502,
        retryable=True,
    ),
    ErrorCode(
        code="KP-NET-310",
        message="What the provider sent is not proper HTTP.",
        description=(
            "The bytes that came back cannot be read as an HTTP answer."
            " Mostly another kind of server listens at that port, or `base_url` says http where the server speaks https."
        ),
        steps=(
            "Check scheme and port of `base_url` in `[providers.X]`.",
            "If a proxy stands in between, try without it.",
            "Run `korproxy check` after a change to korproxy.toml; KorProxy reads it within a second.",
        ),
        status=502,
    ),
    ErrorCode(
        code="KP-NET-311",
        message="The client left before the answer was complete.",
        description=(
            "The tool closed its connection, because somebody pressed stop or because of the tool's own time limit."
            " KorProxy then closes the connection to the provider too, so that no tokens are spent for nobody."
            " The code stands only in logs and in the history: nobody is left to read an answer."
        ),
        severity=Severity.INFO,
        steps=(
            "Nothing has to be done if somebody stopped the tool.",
            "If nobody did, raise the tool's own time limit, or let it ask for a stream.",
        ),
        status=499,
    ),
    ErrorCode(
        code="KP-NET-312",
        message="The client stopped reading the answer.",
        description=(
            "The tool kept its connection open but took no more bytes for longer than `[server] write_deadline`"
            " (120 seconds unless configured)."
            " KorProxy stores no answer, so a reader that stands still would keep the provider waiting for ever."
            " The code stands only in logs and in the history."
        ),
        severity=Severity.WARNING,
        steps=(
            "Look whether the tool hangs, is suspended, or was left waiting in a debugger.",
            "Start the tool again and repeat the request.",
        ),
        status=499,
    ),
    ErrorCode(
        code="KP-NET-313",
        message="An image that the request links to could not be fetched.",
        description=(
            "The model takes no images by link, so KorProxy was to fetch it (`fetch_images = true` of this provider) and could"
            " not. Only images on the open internet are fetched: no address of a private network, no redirects, at most 20 MiB"
            " in all, within 10 seconds."
        ),
        steps=(
            "Open the address in a browser: it has to show the image itself, not a page.",
            "Send the image in the request (base64) in place of its address.",
            "Use a model that takes images by link.",
        ),
        status=400,
    ),
)
