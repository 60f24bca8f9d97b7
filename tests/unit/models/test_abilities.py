from __future__ import annotations

import re
from typing import get_args

import attrs

from korproxy.chat.conversation import EFFORTS
from korproxy.models.abilities import BY_EFFORT, Abilities, ReasoningForm


def test_a_server_nobody_knows_gets_everything_in_the_plainest_form() -> None:
    unknown = Abilities()

    assert (unknown.family, unknown.window, unknown.output) == ("", None, None)
    assert unknown.tools
    assert unknown.images
    assert unknown.structured
    assert (unknown.sampling, unknown.reasoning, unknown.efforts, unknown.forced_tools) == ("all", "none", (), "always")
    assert {unknown.system_turns, unknown.reasoning_back, unknown.completion_tokens} == {False}


def test_every_ability_is_explained() -> None:
    explained = {
        name for names in re.findall(r"(?m)^ +([a-z_, ]+): [A-Z`]", Abilities.__doc__ or "") for name in names.split(", ")
    }

    assert explained == {each.name for each in attrs.fields(Abilities)}


def test_the_forms_with_levels_are_forms() -> None:
    assert set(get_args(ReasoningForm)) > BY_EFFORT
    assert "none" in EFFORTS
