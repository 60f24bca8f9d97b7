"""Whatever happens to accounts in whatever order: ``tests.fakes.health_watch`` says what their health never does."""

from __future__ import annotations

from math import inf, nan

from hypothesis import strategies as st

from fuzz.target import Target
from tests.fakes.health_watch import ACCOUNTS, BAD, GOOD, MODELS, Op, Watch

_AMOUNTS = st.none() | st.sampled_from([0.0, 0.25, 1.0, 20.0, 600.0, 1800.0, -5.0, 1e9, inf, nan])
_SECONDS = st.sampled_from([0.0, 0.25, 1.0, 2.0, 4.0, 16.0, 60.0, 1799.75, 1800.0, 1e5])
_accounts = st.sampled_from([*(ACCOUNTS[:1] * 3), *ACCOUNTS])  # mostly one: things shall happen to it
_models = st.sampled_from(["", *(MODELS[:1] * 3), *MODELS])
_ops = st.one_of(
    st.builds(Op, st.just("pass"), amount=_SECONDS),
    st.builds(Op, st.sampled_from([*BAD, "failed", "failed", "limited"]), _accounts, _models, _AMOUNTS),
    st.builds(Op, st.sampled_from([*GOOD, "ask", "ask", "release", "wake"]), _accounts, _models),
)
_jitters = st.sampled_from([0.0, 0.25, 0.5, 1.0])
Case = tuple[float, list[Op]]


def check(case: Case) -> None:
    """Let it all happen, and then nothing more for a long time."""
    jitter, ops = case
    watch = Watch(jitter=jitter)
    for op in ops:
        watch.step(op)
    watch.finish()


def read(text: bytes) -> Case:
    """Read a line per step: its kind, account, model (``-``: all) and amount, each but the first one optional."""
    ops = []
    for line in text.decode().splitlines():
        kind, account, model, amount, *_ = [*line.split(), "", "", "", ""]
        ops.append(Op(kind, account or "work", model.strip("-"), float(amount) if amount else None))
    return 0.5, ops


HEALTH = Target(name="health", inputs=st.tuples(_jitters, st.lists(_ops, max_size=40)), read=read, check=check)
