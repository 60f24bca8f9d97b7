from __future__ import annotations

from korproxy.gateway.gate import Gate
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.routing import Snapshot


def test_the_gates_of_two_generations_remember_the_same() -> None:
    lasting = Lasting()
    before, after = Gate(Snapshot(), {}, lasting), Gate(Snapshot(), {}, lasting)

    assert before.snapshot is not after.snapshot
    for name in ("provenance", "learnt", "kept", "memory", "images"):
        assert getattr(before, name) is getattr(after, name) is getattr(lasting, name)


def test_two_daemons_in_one_process_remember_different_things() -> None:
    one, two = Gate(Snapshot(), {}), Gate(Snapshot(), {})

    assert not {id(one.kept), id(one.memory), id(one.provenance)} & {id(two.kept), id(two.memory), id(two.provenance)}
