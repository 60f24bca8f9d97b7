"""All targets; a new one is a module here and a line below."""

from typing import Any

from fuzz.target import Target
from fuzz.targets.answers import ANSWERS
from fuzz.targets.codes import CODES
from fuzz.targets.config import CONFIG
from fuzz.targets.correlation import CORRELATION
from fuzz.targets.frames import FRAMES
from fuzz.targets.json_edit import JSON_EDIT
from fuzz.targets.retry_after import RETRY_AFTER

TARGETS: tuple[Target[Any], ...] = (ANSWERS, CODES, CONFIG, CORRELATION, FRAMES, JSON_EDIT, RETRY_AFTER)
