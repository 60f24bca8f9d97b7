"""What the rules hide and what the canary's scanner finds leave no gap: laws over shapes, encodings and what is around them."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.hiding import rules_in_force
from korproxy.gateway.rule_set import RuleSet
from korproxy.runtime.canary.encodings import ENCODINGS
from korproxy.runtime.canary.planting import Place, Plant, sow
from korproxy.runtime.canary.scanning import Scanner
from korproxy.runtime.canary.shapes import CONFIGURED
from tests.fakes.offered import redactions

KEY = CONFIGURED.make()
PLANTS = sow([Place(name="here")], configured=KEY)
SCANNER = Scanner(PLANTS)
BEFORE = st.sampled_from(["", " ", "\n", '"', "'", "(", "<", "it failed: ", "{'a': '", "key=", "größe "])
AFTER = st.sampled_from(["", " ", "\n", '"', "'", ")", ">", ", it failed", "'}", " größe"])


@cache
def rules() -> RuleSet:
    return rules_in_force(redactions().values(), emails=True, secrets=[KEY.text])


def shown(text: str) -> list[str]:
    """Return what of the secrets is to be seen in *text* once it is redacted."""
    written = rules().apply(text)
    return [f"{each.shape} in {written!r}" for each in SCANNER.findings({"log": written.encode()})]


@given(st.sampled_from(PLANTS), st.sampled_from(sorted(ENCODINGS)), BEFORE, AFTER)
def test_no_secret_gets_through_however_it_is_written(plant: Plant, encoding: str, before: str, after: str) -> None:
    assert shown(f"{before}{ENCODINGS[encoding](plant.secret.text)}{after}") == []


@given(st.lists(st.tuples(st.sampled_from(PLANTS), st.sampled_from(sorted(ENCODINGS))), min_size=2, max_size=6))
def test_no_secret_hides_another(several: list[tuple[Plant, str]]) -> None:
    assert shown(" and ".join(ENCODINGS[encoding](plant.secret.text) for plant, encoding in several)) == []


@given(st.sampled_from(PLANTS), st.sampled_from(sorted(ENCODINGS)))
def test_the_marker_beside_a_secret_stays(plant: Plant, encoding: str) -> None:
    assert plant.marker in rules().apply(f"{plant.marker} {ENCODINGS[encoding](plant.secret.text)}")
