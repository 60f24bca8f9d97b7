"""What the user's rules cost a request, without sockets: ``python -m tests.bench.rules``.

The worst there is: of 200 rules the last one holds, so all are looked at. What is counted is CPU time of the whole decision
(``deciding.decide``) less that of the same decision without rules; the best of many rounds, since noise only adds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice

import attrs

from korproxy.gateway.deciding import Situation, decide
from korproxy.gateway.routing import PLANS, Snapshot
from korproxy.models.calls import Call
from korproxy.models.routing import Rule, When
from tests.fakes.routed import a_request, group, provider, routing, snapshot

RULES = 200
BAR = 50.0  # us per request
LOOPS, ROUNDS = 300, 30
MIXED = "a bit of all, three conditions each"
NEW = "the same, each time for a model that was never asked for before"
READ = "what is in a body of 20 KB"
HEADERS = {"User-Agent": "codex_cli_rs/0.50", "Accept": "*/*", "Session-Id": "s", "X-Team": "blue"}
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 1000}] * 20}).encode()

CASES: Mapping[str, Sequence[When]] = {  # by turns, so many that it makes RULES of them; none of them holds
    "models by their beginnings": [When(model="gpt-*"), When(model="claude-opus-*"), When(model="gemini-3-*")],
    "models by names and by patterns": [
        When(model="gpt-6"),
        When(model="*-mini"),
        When(model="claude-*-5"),
        When(model="*vision*"),
    ],
    "types, keys and profiles": [When(types=("embedding", "other")), When(key="team-*"), When(profile="night")],
    "headers": [When(headers={"user-agent": "claude-cli*"}), When(headers={"x-team": "red"}), When(headers={"x-none": "*"})],
    "times of day": [When(hours="01:00-01:01"), When(hours="23:00-23:01", days=("mon", "tue")), When(days=("sat", "sun"))],
    "sizes and tools": [When(min_body=10**7), When(max_body=10), When(tools=True)],
    MIXED: [
        When(types=("chat",), model="claude-*", max_body=10),
        When(types=("chat",), key="*", headers={"x-team": "red"}),
        When(model="m*", min_body=1, hours="01:00-01:01"),
    ],
    READ: [When(images=True), When(reasoning=True)],
}


@attrs.frozen
class Cost:
    """Microseconds per request: of the decision with the rules, and of the same one without."""

    name: str
    whole: float
    without: float

    @property
    def rules(self) -> float:
        """What the rules cost."""
        return self.whole - self.without


def ruled(whens: Sequence[When], count: int = RULES) -> Snapshot:
    """Return a snapshot with *count* rules, of which only the last one holds."""
    made = [Rule(name=f"rule {number}", when=whens[number % len(whens)], group="g") for number in range(count - 1)]
    rules = (*made, Rule(name="the last", group="g"))[-count:] if count else ()
    providers = [provider("one", accounts=("a",), patterns=("m*",)), provider("two", accounts=("b",), patterns=("m*",))]
    return snapshot(*providers, routing=routing(group("g", "two", "one"), rules=rules))


def best(calls: Sequence[Call], now: Snapshot, *, loops: int = LOOPS, rounds: int = ROUNDS) -> float:
    """Return the microseconds of CPU that a decision takes, in the best round; *calls* take turns."""
    situation = Situation(wall=1_790_000_000.0)  # a Monday
    found = []
    turns = cycle(calls)
    for _ in range(rounds):
        asked = list(islice(turns, loops))
        began = time.process_time_ns()
        for call in asked:
            decide(call, now, situation)
        found.append((time.process_time_ns() - began) / loops / 1000)
    return min(found)


def costs(*, loops: int = LOOPS, rounds: int = ROUNDS) -> Sequence[Cost]:
    """Return what each of the cases costs, and what it costs that a model was never asked for before."""
    same = [a_request("m", headers=HEADERS, key_name="laptop", body=BODY)]
    new = [a_request(f"m-{number}", headers=HEADERS, key_name="laptop", body=BODY) for number in range(2 * PLANS)]
    found = []
    for calls, names in ((same, list(CASES)), (new, [MIXED])):
        without = best(calls, ruled([], 0), loops=loops, rounds=rounds)
        wholes = [(name, best(calls, ruled(CASES[name]), loops=loops, rounds=rounds)) for name in names]
        found += [Cost(name if calls is same else NEW, whole, without) for name, whole in wholes]
    return found


def main() -> int:
    """Measure and print; 1 if anything costs more than the bar, but for reading a body, and for what is new each time."""
    found = costs()
    width = max(len(each.name) for each in found)
    lines = [f"{each.name:{width}}  {each.rules:6.1f} us   (the whole decision: {each.whole:.1f} us)" for each in found]
    over = [each.name for each in found if each.rules >= BAR and each.name not in {NEW, READ}]
    verdict = f"over {BAR:g} us: {', '.join(over)}" if over else f"all under {BAR:g} us"
    sys.stdout.write("\n".join([f"{RULES} rules, of which the last one holds", *lines, verdict]) + "\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
