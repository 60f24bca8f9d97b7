from __future__ import annotations

import pytest

from korproxy.models.routing import Profile, RequestType, When

PROFILE = Profile(name="work", default="all", chat="good")


@pytest.mark.parametrize(("type_", "group"), [("chat", "good"), ("completion", "all"), ("embedding", "all"), ("other", "all")])
def test_what_a_profile_does_not_name_its_default_serves(type_: RequestType, group: str) -> None:
    assert PROFILE.group_for(type_) == group
    assert Profile(name="empty").group_for(type_) == ""


@pytest.mark.parametrize(
    ("when", "needed"),
    [
        (When(model="claude-*", min_body=10, hours="22:00-06:00"), False),
        (When(images=False), True),
        (When(reasoning=True), True),
    ],
)
def test_the_body_is_decoded_only_for_what_is_in_it(when: When, needed: bool) -> None:
    assert when.needs_body is needed
