"""Addresses of Gemini's API say which model is meant, and whether a stream: ``/v1beta/models/MODEL:streamGenerateContent``."""

from __future__ import annotations

import re

from korproxy.api import BadRequest

# Of the path alone, percent-decoded already: the name may hold slashes and colons.
_LONGEST_NAME = 1000  # characters; as in bodies
_PATH = re.compile(r"/v1(?:alpha|beta)?/(?:models|tunedModels)/(?P<model>.+):(?P<method>[A-Za-z]+)", re.DOTALL)


def model_and_method(path: str) -> tuple[str, str]:
    """Return which model *path* names, and what is asked of it.

    Raises:
        BadRequest: It names none (KP-SYS-519).
    """
    found = _PATH.fullmatch(path)
    if found is None or len(found["model"]) > _LONGEST_NAME:
        raise BadRequest("KP-SYS-519", "The address names no model: it has to be /v1beta/models/MODEL:generateContent.")
    return found["model"], found["method"]


def full_name(model: str) -> str:
    """Return the name of *model* as it stands in bodies: with its collection."""
    return model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
