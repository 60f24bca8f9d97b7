"""Addresses of Gemini's API say which model is meant, and whether a stream: ``/v1beta/models/MODEL:streamGenerateContent``."""

from __future__ import annotations

import re
from urllib.parse import unquote

from korproxy.api import BadRequest

_PATH = re.compile(r"/v1(?:alpha|beta)?/(?:models|tunedModels)/(?P<model>[^?]+):(?P<method>[A-Za-z]+)(?:\?.*)?")


def model_and_method(path: str) -> tuple[str, str]:
    """Return which model *path* names, and what is asked of it.

    Raises:
        BadRequest: It names none (KP-SYS-519).
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise BadRequest("KP-SYS-519", "The address names no model: it has to be /v1beta/models/MODEL:generateContent.")
    return unquote(found["model"]), found["method"]
