"""All targets; a new one is a module here and a line below."""

from typing import Any

from fuzz.target import Target
from fuzz.targets.answers import ANSWERS
from fuzz.targets.backoff import BACKOFF
from fuzz.targets.client_errors import CLIENT_ERRORS
from fuzz.targets.codes import CODES
from fuzz.targets.config import CONFIG
from fuzz.targets.config_files import CONFIG_FILES
from fuzz.targets.correlation import CORRELATION
from fuzz.targets.damaged_requests import DAMAGED_REQUESTS
from fuzz.targets.frames import FRAMES
from fuzz.targets.health import HEALTH
from fuzz.targets.http_answers import HTTP_ANSWERS
from fuzz.targets.json_edit import JSON_EDIT
from fuzz.targets.lane_bytes import LANE_BYTES
from fuzz.targets.provider_garbage import PROVIDER_GARBAGE
from fuzz.targets.redaction import REDACTION
from fuzz.targets.refusal_waits import REFUSAL_WAITS
from fuzz.targets.retry_after import RETRY_AFTER
from fuzz.targets.routing import ROUTING
from fuzz.targets.stream_content import STREAM_CONTENT
from fuzz.targets.stream_rules import STREAM_RULES
from fuzz.targets.there_and_back import THERE_AND_BACK
from fuzz.targets.translated_cuts import TRANSLATED_CUTS
from fuzz.targets.whole_answers import WHOLE_ANSWERS

TARGETS: tuple[Target[Any], ...] = (
    *(ANSWERS, CODES, CONFIG, CONFIG_FILES, CORRELATION, FRAMES, HTTP_ANSWERS, JSON_EDIT, LANE_BYTES, REDACTION),
    *(BACKOFF, CLIENT_ERRORS, HEALTH, REFUSAL_WAITS, RETRY_AFTER, ROUTING),
    *(
        DAMAGED_REQUESTS,
        PROVIDER_GARBAGE,
        STREAM_CONTENT,
        STREAM_RULES,
        THERE_AND_BACK,
        TRANSLATED_CUTS,
        WHOLE_ANSWERS,
    ),  # of translation
)
