"""All places in which secrets are planted, and where the markers beside them have to be found."""

from __future__ import annotations

from korproxy.runtime.canary.encodings import ENCODINGS
from korproxy.runtime.canary.planting import Place

TERMINAL, FILES, DATABASE, LAST_GOOD = "terminal", "log files", "database", "last good configuration"
REPRO = "GET /v1/diagnostics/bundle?repro=ID"
ERRORS, FORWARDED, UPSTREAM = "our errors", "provider's answers", "upstream"
LOGS = (TERMINAL, FILES)
RETOLD = ("model name", "correlation id", "refusal of the credential")  # what `korproxy why` is asked about
LINE = r"[\x20-\x7e]+"  # what a header can carry
ALL = tuple(ENCODINGS)
FAILING = "request that fails"  # whose shape a debug bundle may hold
PLUGIN_FAILS = "failure of a provider's plugin"
IMPORTED = "error at a plugin's import"
WHILE_LOADED = "log line while plugins are loaded"
TYPED, TABLE, WRONG = "key in place of a reference", "table of a plugin", "mistake in the configuration"
DIAGNOSTICS = ("GET /v1/diagnostics/health", "GET /v1/diagnostics/bundle")
SOME = ("plain", "base64", "JSON escapes")

BY_CLIENTS = (
    Place(name="model name", shown=(*LOGS, DATABASE, UPSTREAM), fits=r"[^\x00]{1,180}", encodings=SOME),
    Place(name="model name, cut off", shown=(*LOGS, DATABASE), before="x" * 130),
    Place(name="model name of nobody", shown=(*LOGS, ERRORS), before="nobody/"),
    Place(name="correlation id", shown=(*LOGS, DATABASE), fits=r"[A-Za-z0-9._:-]{1,128}", between=":", encodings=SOME),
    Place(name="path", shown=(*LOGS, ERRORS), fits=r"[\x21-\x7e]{1,170}", before="/v1/nothing/", between="/"),
    Place(name="path, cut off", shown=(*LOGS, ERRORS), fits=r"[\x21-\x7e]+", before="/v1/nothing/" + "x" * 140, between="/"),
    Place(name="query", shown=LOGS, fits=r"[\x21-\x7e]+", between="&"),
    Place(name="profile header", shown=(*LOGS, ERRORS), fits=LINE, encodings=SOME),
    Place(name="request type header", shown=LOGS, fits=LINE),
    Place(name="content coding header", shown=(*LOGS, ERRORS), fits=LINE),
    Place(name="host header", shown=(*LOGS, ERRORS), fits=LINE),
    Place(name="wrong key", shown=LOGS, fits=LINE),
    Place(name="cookie header", shown=LOGS, fits=LINE),
    Place(name="management key", shown=LOGS, fits=LINE),
    Place(name="previous response", shown=(*LOGS, ERRORS)),
    Place(name="body that is no JSON", shown=LOGS),
    Place(name="prompt", shown=(UPSTREAM,), content=True),
    Place(name="tool arguments", shown=(UPSTREAM,), content=True),
    Place(name="key of a JSON object", shown=(UPSTREAM,), content=True),
    Place(name="crossed prompt", shown=(UPSTREAM,), content=True),
    Place(name="id that is asked for", shown=(ERRORS,), fits=r"[^\x00/]{1,100}"),
    Place(name="filter of the management API", shown=(ERRORS,)),
    Place(name="error code that is asked for", shown=(ERRORS,), fits=r"[^\x00/]+"),
    Place(name="model that is asked for", shown=(ERRORS,)),
    Place(name="stored response that is asked for", shown=(ERRORS,), fits=r"[^\x00/]+"),
    Place(name="trial of the routing", shown=(ERRORS,)),
    Place(name="account that is to wake", shown=(ERRORS,)),
    Place(name="model name in a body in pieces", shown=(*LOGS, DATABASE), fits=r"[^\x00]{1,180}"),
)
BY_PROVIDERS = (
    Place(name="error body", shown=(FORWARDED,), encodings=SOME),
    Place(name="error of the server", shown=(*LOGS, FORWARDED)),
    Place(name="redirection", fits=LINE, shown=LOGS),
    Place(name="error body in pieces", shown=(FORWARDED,)),
    Place(name="crossed error body", shown=(FORWARDED,)),
    Place(name="refusal of the credential", shown=LOGS),
    Place(name="late error of a stream", shown=(FORWARDED,)),
    Place(name="answer's header", fits=LINE, shown=(FORWARDED,)),
    Place(name="answer", shown=(FORWARDED,), content=True),
    Place(name="no status line", fits=LINE, shown=LOGS),
    Place(name="garbage in an answer", fits=LINE, shown=LOGS),
    Place(name=FAILING, shown=(UPSTREAM, FORWARDED), content=True),
)
BY_PLUGINS = (
    Place(name="log line of a plugin", shown=LOGS, encodings=ALL),
    Place(name="arguments of a log line", shown=LOGS),
    Place(name="traceback", shown=LOGS, encodings=SOME),
    Place(name=PLUGIN_FAILS, shown=LOGS),
    Place(name="fault in a format", shown=LOGS),
    Place(name="crash of a service", shown=(*LOGS, "GET /v1/diagnostics/health")),
    Place(name="crash of a service, cut off", shown=(*LOGS, "GET /v1/diagnostics/health"), before="x" * 230),
    Place(name="section of a collector", shown=("GET /v1/diagnostics/health",), encodings=SOME),
    Place(name="failure of a collector", shown=(*LOGS, *DIAGNOSTICS)),
    Place(name=WHILE_LOADED, shown=(TERMINAL,), early=True, encodings=SOME),
    Place(name=IMPORTED, shown=(TERMINAL, "korproxy plugins --json, at rest"), early=True),
)
BY_FILES = (
    Place(name=TYPED, shown=("korproxy account list, running",), alone=True, early=True),
    Place(name=TABLE, shown=("korproxy config export, at rest",), alone=True, early=True),
    Place(name=WRONG, shown=(*LOGS, "GET /v1/diagnostics/health, wrong", "korproxy reload, wrong"), alone=True, early=True),
)
PLACES = (*BY_CLIENTS, *BY_PROVIDERS, *BY_PLUGINS, *BY_FILES)
