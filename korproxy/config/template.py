"""The korproxy.toml that ``korproxy init`` writes.

Lines that begin with ``#`` and no space are settings, all with their defaults; those with a space are prose. A test takes the
marks away and compares what comes out with the defaults, so this text cannot fall behind settings.py.
"""

TEMPLATE = """\
# The settings of KorProxy. `korproxy check` says whether they are right.
# Every line that begins with # and no space is a setting with its default: take the # away to change it.
# docs/reference/settings.md explains each one.

version = 1

# Plugins without which KorProxy must not start.
#required = []

[server]
# Where KorProxy listens. Any other address than these opens it to the network.
#host = ["127.0.0.1", "::1"]
# 0 takes any free port.
#port = 1337
# The largest request, in bytes.
#max_body = 67108864
# Seconds that running answers get to end when KorProxy stops.
#grace = 5.0
# Names beyond localhost by which KorProxy may be called, without port.
#allowed_hosts = []
# Web pages that may call it: "https://tools.example".
#allowed_origins = []
# The fast road for the client API.
#lane = true
# Whether programs on this machine may read states and metrics without the management key.
#public_reads = true
# Requests at once.
#max_running = 1000
# Seconds that an upload may be silent, and that a client may refuse to read.
#read_deadline = 60.0
#write_deadline = 120.0
# Seconds of silence after which a client that waits for a translated stream gets a sign of life.
#keep_alive = 15.0

[features]
#correlation_ids = true
#new_error_codes = true
#admin_dashboard = true
#safe_mode = true

[log]
# debug, info, warning or error.
#level = "info"
# The same for a part of KorProxy: gateway = "debug".
#levels = {}
# Log files in logs/ of the home: whether, how large in bytes, how many.
#file = true
#max_size = 20971520
#keep = 7

[store]
# What is kept of requests, never what was said in them: a row for each, and counts.
# url = "env:NAME" or "file:secrets/NAME", which holds postgresql://user:password@host/name; else korproxy.db in the home.
#history = true
#metrics = true
# For how many days, and how many rows.
#days = 7
#most_requests = 1000000
# Seconds between two writes: what a crash may lose.
#flush = 2.0

# Seconds: until the connection stands, to the first byte of an answer, between two pieces of it, for all of it.
[deadlines]
#connect = 5.0
#first_byte = 120.0
#idle = 120.0
#total = 1800.0

[retry]
# Seconds that KorProxy itself waits for a provider that is rate limited, before it tells the client to: from 0 to 60.
#max_wait = 5.0

[redaction]
# Names of redaction rules that also apply to what is sent to providers. Off by default: it changes your prompts.
#outgoing = []
# Hide e-mail addresses, too, in what KorProxy writes down.
#emails = false

# Providers. The name after "providers." is yours to choose; it is used in model names: "claude/claude-sonnet-4-5".
#
# A key never stands in this file, only where it is:
#   "env:NAME"   an environment variable of the shell or service that starts KorProxy
#   "file:PATH"  a file with the key on one line; a relative path starts at this file's directory.
#                Only you may be able to read it: chmod 600 PATH
# With credential = "client" in place of key, the caller's own credential is passed on and never stored.
# With neither, nothing is sent: for servers on this machine that want no key.

#[providers.claude]
#type = "claude"
#fetch_images = false
#max_concurrency = 64
#max_queue = 256
#models = []
# Each deadline above can be another one for this provider: deadlines = { first_byte = 300.0 }
#deadlines = {}
# What all its models can do, where KorProxy does not know it: abilities = { images = false, output = 8192 }. There are family,
# window, output, tools, images, documents, audio, image_links, structured, sampling, system_turns, prefill, reasoning, efforts,
# reasoning_off, summaries, reasoning_back, completion_tokens, forced_tools, tools_while_reasoning and search.
#abilities = {}
#[[providers.claude.accounts]]
#name = "work"
#key = "env:ANTHROPIC_API_KEY"

#[providers.codex]
#type = "codex"
#[[providers.codex.accounts]]
#name = "work"
#key = "env:OPENAI_API_KEY"

#[providers.gemini]
#type = "gemini"
#[[providers.gemini.accounts]]
#name = "work"
#key = "env:GEMINI_API_KEY"

#[providers.qwen]
#type = "qwen"
#[[providers.qwen.accounts]]
#name = "work"
#key = "file:secrets/qwen"

# Any server that speaks the OpenAI format; with speaks = ["anthropic-messages"] the Anthropic one, with ["gemini"] Google's.
# Patterns of model names may have a *.
#[providers.local]
#type = "compatible"
#base_url = "http://127.0.0.1:1234/v1"
#models = ["*"]
#[[providers.local.accounts]]
#name = "local"

# Your own names for models, and where they lead. A name may have a *; the most specific one counts:
# "claude-haiku-*" = "codex/gpt-5.4-mini"
[aliases]

# A plugin's own table: [plugin.NAME]. `korproxy plugins` lists the names.
"""
