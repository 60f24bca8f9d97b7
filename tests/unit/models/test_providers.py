"""What is known of a provider before the first request."""

from __future__ import annotations

import attrs

from korproxy.models.providers import ConfiguredProvider, Deadlines, Limits, Model


def test_deadlines_grow_from_phase_to_phase() -> None:
    deadlines = Deadlines()

    assert attrs.astuple(deadlines) == (5.0, 120.0, 120.0, 1800.0)
    assert deadlines.connect < deadlines.first_byte <= deadlines.idle < deadlines.total


def test_limits_leave_room_for_a_queue() -> None:
    assert Limits() == Limits(max_concurrency=64, max_queue=256)


def test_a_model_is_known_by_its_id_alone() -> None:
    assert Model(id="m") == Model(id="m", owner="", name="", created=0)


def test_a_table_that_says_only_its_type_leaves_the_rest_to_it() -> None:
    table = ConfiguredProvider(id="mine", type="compatible")

    assert (table.base_url, table.accounts, table.models, table.speaks) == (None, (), (), ())
