"""Codes of the category SYS: the daemon on its machine, and requests it cannot read."""

from korproxy.errors.codes import ErrorCode, Severity

SYS: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-SYS-501",
        message="Something in KorProxy itself went wrong.",
        description=(
            "This is a fault in KorProxy or in one of its plugins, not in your request or your configuration."
            " The details are in the daemon's log, never in an answer."
        ),
        steps=(
            "Find the request in the daemon's log by the id in the answer's header `X-Correlation-ID`.",
            "If a command failed in the terminal, run it again with `--verbose` to see where.",
            "If the log names a plugin, start with `--no-plugins` to see whether it works without.",
            "Report it with that part of the log and what `korproxy --version` says.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-502",
        message="The port is taken.",
        description=(
            "Another program listens on the port that KorProxy wants; where the system tells, the message names it."
            " Often it is a KorProxy that is running already."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "See with `korproxy status` whether a KorProxy is running, and stop it with `korproxy stop`.",
            "End the other program if you do not need it.",
            "Use another port: `korproxy run --port 1338`, or `[server] port` for good.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-503",
        message="Another daemon uses this home.",
        description=(
            "A home belongs to one running KorProxy at a time, because both would write the same files."
            " The running one holds `daemon.lock` there. The lock goes with its process, so it is never left behind."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "See with `korproxy status` what is running; you may simply use that one.",
            "Stop it with `korproxy stop`.",
            "To run two at once, give the second a home and a port of its own: `korproxy run --home DIR --port 1338`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-504",
        message="KorProxy's home cannot be made or written.",
        description=(
            "The home holds configuration, keys and state, and only you may read it."
            " It or a file in it belongs to somebody else, is read-only or not what its name says, or the disk is full."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Check who owns the directory that the message names, and whether its disk has room.",
            "If it was made under another user (with sudo, for example), give it back to yourself: `chown -R USER DIR`.",
            "Choose another place: `korproxy run --home DIR`, or the variable `KORPROXY_HOME`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-505",
        message="No daemon is running.",
        description=(
            "The command needs a running KorProxy, and none runs with this home."
            " Each home has a daemon of its own, so one that was started with another home is not seen."
        ),
        steps=(
            "Start it with `korproxy run`.",
            "If it runs with another home, name it: `korproxy status --home DIR`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-506",
        message="KorProxy has nothing at this address.",
        description=(
            "The path is none of KorProxy's."
            " Mostly the base URL in the tool has a `/v1` too many or too few, so that the path has it twice or not at all."
        ),
        steps=(
            "Tools of the Anthropic or Gemini kind (Claude Code, Gemini CLI) want the base URL without it: `http://127.0.0.1:1337`.",
            "Tools of the OpenAI kind want it at the end: `http://127.0.0.1:1337/v1`.",
            "Compare the address with the one that `korproxy status` prints.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-507",
        message="This address does not take this HTTP method.",
        description=(
            "The path is right, but not the method: AI requests are sent with POST, lists are read with GET."
            " Mostly somebody tried an address by hand, or a tool took KorProxy for another kind of server."
        ),
        steps=(
            "Use the method that the message names.",
            "If you opened the address in a browser: it sends GET, so use the tool or curl with `-X POST`.",
        ),
        status=405,
    ),
    ErrorCode(
        code="KP-SYS-508",
        message="The request is larger than KorProxy takes.",
        description=(
            "The body has more bytes than `[server] max_body` allows (64 MiB unless configured)."
            " The limit protects this machine's memory, where every running request is held."
        ),
        steps=(
            "Shorten the conversation, or send fewer and smaller images.",
            "Raise `[server] max_body` (in bytes); KorProxy reads the change within a second.",
        ),
        status=413,
    ),
    ErrorCode(
        code="KP-SYS-509",
        message="The body of the request is not what its format demands.",
        description=(
            "The format that belongs to this address has a JSON object as its body, in UTF-8."
            " What came is no JSON, or another JSON value, or was cut off, or lacks what every request of the format has:"
            " a list of messages, say."
        ),
        steps=(
            "If you wrote the request yourself, check quotation marks and brackets, and what your shell did to them.",
            "With curl keep the body in a file and send it with `--data-binary @FILE`.",
            "If a tool wrote it, bring the tool up to date.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-510",
        message="The request was not sent to its end.",
        description=(
            "The client announced a body, and then sent nothing for longer than `[server] read_deadline`"
            " (60 seconds unless configured). Nothing was passed on to a provider."
        ),
        steps=(
            "Send the request again.",
            "If KorProxy runs on another machine, check the network in between.",
            "If you wrote the client, check that `Content-Length` is the length in bytes, not in characters.",
        ),
        status=408,
        retryable=True,
    ),
    ErrorCode(
        code="KP-SYS-511",
        message="KorProxy is shutting down.",
        description=(
            "Somebody stopped the daemon, and it takes no new requests. Those that run may end within `[server] grace` seconds."
        ),
        severity=Severity.WARNING,
        steps=(
            "Start KorProxy again with `korproxy run`, and send the request again.",
            "If nobody stopped it, look at what started it: a service manager or a closed terminal.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-SYS-512",
        message="The daemon did not stop in time.",
        description=(
            "`korproxy stop` asked the daemon to end and waited, but it is still running."
            " It may be finishing requests, for which it has `[server] grace` seconds."
            " Or it could not be asked, because it belongs to another user or runs in a container."
        ),
        steps=(
            "If answers may take long, wait longer: `korproxy stop --timeout 60`.",
            "Run `korproxy stop` once more: the second time running requests are ended at once.",
            "If it still runs, end the process whose number the message names, as the user it belongs to.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-513",
        message="A part of the daemon did not start.",
        description=(
            "Besides the server some services run in the daemon, built in or from plugins."
            " One of them failed at its start or took too long; the message names it and the reason."
            " If KorProxy needs it, KorProxy does not start; a plugin that is not required is only left out."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Read the reason in the message, and correct what it names.",
            "If the service comes from a plugin, start with `--no-plugins` to see whether KorProxy runs without.",
            "Run `korproxy check`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-514",
        message="The shutdown got stuck, and KorProxy ended itself.",
        description=(
            "After a stop the daemon has `[server] grace` seconds for running requests and a little more for its own affairs."
            " Something did not end within that time, so the last resort ended the process, with exit code 75."
            " Requests that still ran were cut off."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Start KorProxy again with `korproxy run`: its files are not harmed by this.",
            "Report it with the end of the daemon's log if it happens again.",
            "If a plugin runs a service, start with `--no-plugins` to see whether it is the reason.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-515",
        message="KorProxy cannot listen on this address.",
        description=(
            "The address is not one of this machine's, or you have no right to listen there."
            " Ports below 1024 are kept for the administrator on many systems."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Use a loopback address, which every machine has: `korproxy run --host 127.0.0.1`.",
            "Use a port of 1024 or above: `korproxy run --port 1337`.",
            "Check `[server] host` and `[server] port`, and run `korproxy check`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-518",
        message="The request says the same thing twice.",
        description=(
            "A key stands twice at the top level of the JSON body."
            " Programs differ in which of the two they take, so KorProxy could check one model and the provider use the other."
        ),
        steps=(
            "Delete one of the two: the message names the key.",
            "If a tool wrote the request, look whether its settings add a key that it sends anyway, such as `model`.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-519",
        message="The request names no model.",
        description=(
            "The model decides which provider gets the request."
            " So `model` has to stand in the body, as a text that is not empty."
        ),
        steps=(
            "Choose a model in your tool.",
            "See which models there are: `GET /v1/models`.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-520",
        message="The daemon is running, but it did not give an answer.",
        description=(
            "`daemon.json` names a running process, and asking it over HTTP failed."
            " It may be starting or stopping at this moment, be overloaded, or have another management key than this home."
        ),
        steps=(
            "Try again in a few seconds, with `korproxy status`.",
            "If you use several homes, name the daemon's own one: `korproxy status --home DIR`.",
            "Restart it: `korproxy stop`, then `korproxy run`.",
            "Look into the daemon's log.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-521",
        message="There is no stored answer of this id.",
        description=(
            "A tool asked for an answer that KorProxy does not have, or not any more."
            " Answers are kept in memory only, for some hours, for the client key that asked for them, not across a restart."
        ),
        steps=(
            "Check the id, and that the same KorProxy key is used.",
            "Answers that were asked for with `store` set to false are not kept.",
            "Ask again, and use the new answer's id.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-522",
        message="This answer cannot be cancelled.",
        description=(
            "Only answers that a provider makes in the background can be cancelled by their ids. This one was complete when it"
            " got its id."
        ),
        steps=(
            "To break off an answer while it comes, close the connection: KorProxy then stops the provider, too.",
            "Where the provider is OpenAI itself, ask for the answer in the background, and then cancel it.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-523",
        message="KorProxy speaks no WebSocket.",
        description=(
            "A tool asked for a WebSocket. Everything that KorProxy offers is offered over HTTP, streams included."
            " Tools that try a WebSocket first, such as Codex, go on over HTTP when they read this."
        ),
        steps=(
            "If the tool goes on working, there is nothing to do.",
            "Else switch WebSockets off in the tool; in Codex the table of the provider has a setting for it.",
        ),
        status=426,
    ),
    ErrorCode(
        code="KP-SYS-524",
        message="A complete answer is not streamed again.",
        description=(
            "A tool asked for a stored answer as a stream. KorProxy has it whole; OpenAI, too, streams only those again that it"
            " makes in the background."
        ),
        steps=(
            "Ask for it whole: it comes at once.",
            "Where the provider is OpenAI itself, ask for the answer in the background: it is streamed again by OpenAI.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-525",
        message="KorProxy crashed three times in a row, so it started with only what it needs.",
        description=(
            "Three times KorProxy ended within a minute of its start, and nobody had asked it to stop."
            " So it leaves out third-party plugins and uses the last configuration that worked. Models stay the"
            " same. Plugins that hide secrets are kept: without them, secrets would end up in the log."
        ),
        severity=Severity.WARNING,
        steps=(
            "Look at the log of the crashes: it says where they happened, and which plugin was involved.",
            "Remove or update that plugin, or correct the last change to the configuration.",
            "Restart KorProxy with `korproxy stop` and `korproxy run`: after a proper stop, it starts as usual.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-526",
        message="KorProxy does not remember this request.",
        description=(
            "KorProxy was asked why a request went where it went, but it knows none with this id."
            " It remembers the last thousand requests since its start; of older ones the history has a row, for as many days as"
            " `[store] days` says."
        ),
        steps=(
            "Take the id from the header `X-KorProxy-Request` or `X-Correlation-ID` of the answer.",
            "Look through the list: `korproxy requests`.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-530",
        message="Some requests are missing in the history and the metrics.",
        description=(
            "KorProxy could not write down what happened for so long that it had no more room for it in memory."
            " The requests themselves were served. How many are missing is shown by `korproxy status` and the metrics."
        ),
        severity=Severity.WARNING,
        steps=(
            "Look into the log for KP-SYS-533, which says why the store could not be written to.",
            "Make room on the disk, or see to it that the database can be reached.",
            "If the log names no such reason, the machine was too busy: switch off what you do not need, as `[store] history`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-531",
        message="The database was damaged, so KorProxy began a new one.",
        description=(
            "The file `korproxy.db` could not be read as a database, or holes were found in it."
            " It was put aside under another name, and the history and the metrics begin anew. Nothing else is affected."
        ),
        severity=Severity.WARNING,
        steps=(
            "Check the disk and its file system: SQLite files do not break by themselves, not even when a process is killed.",
            "Do not copy over `korproxy.db` while KorProxy is running.",
            "Delete the file that was put aside if you do not need it; its name is in the log.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-532",
        message="The database belongs to a newer KorProxy.",
        description=(
            "A newer version has changed the tables, and this one would not understand what is in them."
            " So it leaves them alone: requests are served, but neither history nor metrics are kept."
        ),
        severity=Severity.WARNING,
        steps=(
            "Update KorProxy to the version that was used before.",
            "If you want to stay with this one, move `korproxy.db` out of the home, and restart KorProxy.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-SYS-533",
        message="The store cannot be used right now.",
        description=(
            "KorProxy keeps its history and metrics in a database, and that could not be opened, read or written to."
            " Requests are served all the same. What happens meanwhile is kept in memory and written down later."
        ),
        severity=Severity.WARNING,
        steps=(
            "Read the message: it has the words of the database.",
            "Where it is the file `korproxy.db` in the home: make room on the disk, and see to it that you may write there.",
            "Where another program has it for itself, such as a backup or a database browser: have that end.",
            "Where it is PostgreSQL: check that it runs, and that `[store] url` leads to it.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-SYS-534",
        message="Metrics are switched off.",
        description=(
            "`[store] metrics` is false, so KorProxy does not count requests. What was counted before is still shown, for as"
            " many days as `[store] days` says. Requests themselves are not affected, and neither is the history."
        ),
        severity=Severity.WARNING,
        steps=(
            "If that is what you want, there is nothing to do.",
            "Else set `[store] metrics` to true, and restart KorProxy.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-535",
        message="The log file cannot be written.",
        description=(
            "Lines of the log cannot be added to `logs/korproxy.jsonl` in KorProxy's home; the message says why."
            " KorProxy goes on without: requests are served as before, the terminal gets its lines, and the file is tried again"
            " every 10 seconds. Lines that are missing in it are counted."
        ),
        severity=Severity.WARNING,
        steps=(
            "Look whether the disk is full, and whether the user that runs KorProxy may write to its home.",
            "Have fewer or smaller log files: `[log] keep` and `[log] max_size`.",
            "If you need no log files, set `[log] file = false` and start KorProxy again.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-536",
        message="There is no log to read.",
        description=(
            "`korproxy logs` reads the log files in KorProxy's home, and there are none."
            " Either KorProxy has not run with this home yet, or `[log] file` is false and no daemon is running that could be"
            " asked."
        ),
        steps=(
            "If KorProxy runs with another home, name it: `korproxy logs --home DIR`.",
            "Start it: `korproxy run`.",
            "Look at `[log] file`: it has to be true for log files to be kept.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-537",
        message="These log levels cannot be set.",
        description=(
            "What was asked for is no level, or cannot be the name of a part of KorProxy. Nothing was changed."
            " Levels are `debug`, `info`, `warning` and `error`."
        ),
        steps=(
            "Read the message: it names what is wrong.",
            "See the parts and their levels: `korproxy log-level`.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-538",
        message="A redaction rule failed, so the request was not sent.",
        description=(
            "`[redaction] outgoing` has rules take secrets out of requests before they are sent. One of them failed, so nobody"
            " knows what is still in this request."
        ),
        steps=(
            "If the rule belongs to a plugin, report it to its author: a rule must fail on no text.",
            "To go on without it, take its name out of `outgoing` in the table `[redaction]` of korproxy.toml, and restart.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-539",
        message="The shape of this request is not remembered.",
        description=(
            "A debug bundle was to hold what a request looked like, but KorProxy has no shape of a request with this id."
            " The running daemon keeps those of the last 20 requests that failed, and forgets them when it stops."
        ),
        steps=(
            "Take the id from the header `X-KorProxy-Request` or `X-Correlation-ID` of the answer; `korproxy requests --failed`"
            " lists the last ones.",
            "Have it fail again, and ask soon after that.",
            "Make the bundle with `korproxy debug-bundle` alone: the reasons of the last failures are in it in any case.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-540",
        message="The debug bundle cannot be written.",
        description=(
            "The file for the debug bundle cannot be made or written; the message says why."
            " The bundle itself is not the problem."
        ),
        steps=(
            "Choose another place with `korproxy debug-bundle --output FILE`, or have it on stdout with"
            " `korproxy debug-bundle --output -`.",
            "Look whether the disk is full, and whether you may write to that folder.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-541",
        message="The debug bundle cannot be copied to the clipboard.",
        description=(
            "KorProxy found no program for the clipboard (pbcopy, wl-copy, xclip, xsel or clip.exe) that took it, and it is too"
            " large for the terminal, which takes about 55 kB, or there is no terminal. The bundle itself is not the problem."
        ),
        steps=(
            "Write it to a file with `korproxy debug-bundle --output FILE`.",
            "Install a program for the clipboard: wl-clipboard with Wayland, xclip with X11.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-542",
        message="It is not proven that KorProxy keeps secrets to itself.",
        description=(
            "The self-test plants made-up secrets in a KorProxy of its own and looks for them in all that it writes and shows."
            " It found some, or a harmless marker was not where it had to be, or the test could not be done at all."
            " No secret of yours was used."
        ),
        steps=(
            "Read which secret got out where: `korproxy self-test --canary` says it for each.",
            "Remove plugins that you installed, and try again: they are part of what is tested.",
            "Report it with the output of `korproxy self-test --canary --json`: all secrets in it are made up.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-SYS-543",
        message="A question in the address cannot be understood.",
        description=(
            "What stands behind the question mark of an address of the management API is a filter. A misspelt one is refused,"
            " because an answer without the filter would look as if there was nothing else."
        ),
        steps=(
            "Correct the part that the message names; it says what would be right.",
            "Times are written as how long ago, such as 24h, or as when, such as 2026-11-29T12:00.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-SYS-544",
        message="The history has no such request.",
        description=(
            "The history has a row for each request that ended, for as many days as `[store] days` says."
            " It has none with this id: it is too old, it still runs, or the history was switched off then."
        ),
        steps=(
            "Take the id from the header `X-KorProxy-Request` of the answer.",
            "Look through the list: `korproxy requests`.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-SYS-545",
        message="The history is switched off.",
        description=(
            "`[store] history` is false, so KorProxy adds no requests to its history. What was added before is still shown, for"
            " as many days as `[store] days` says. Requests themselves are not affected, and neither are the metrics."
        ),
        severity=Severity.WARNING,
        steps=(
            "If that is what you want, there is nothing to do.",
            "Else set `[store] history` to true, and restart KorProxy.",
        ),
        status=500,
    ),
)
