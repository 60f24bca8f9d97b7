"""Keep answers that clients may come back to, and let requests go on from them at any provider. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from msgspec import structs

from korproxy.contracts import AnswerKeeper, Dialect
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.kept_answers import Kept, KeptAnswers, Origin
from korproxy.gateway.routing import Candidate, Snapshot
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Call

UNKNOWN = "KP-PROV-118"
NOT_STORED = "KP-SYS-521"
LONGEST = 16 * 1024**2  # bytes of a whole answer that are gathered to be kept
_SMALL = 16 * 1024  # bytes up to which it is looked at whether an answer is whole as often as it may be
_GROWTH = 1.1  # by which larger ones have to grow first: a server that sends line by line would cost minutes


def keeper_of(dialect: Dialect | None) -> AnswerKeeper | None:
    """Return what *dialect* says of answers that its clients may come back to, if there are such."""
    found: AnswerKeeper | None = getattr(dialect, "keeper", None)
    return found


def first_choice(call: Call, keeper: AnswerKeeper | None, kept: KeptAnswers, now: float) -> Origin | None:
    """Return the account that has the answer which *call* goes on from, and should be asked first."""
    previous = call.peek.previous if keeper is not None else ""
    found = kept.get(previous, now, scope=call.key_name) if previous else None
    return None if found is None else found.origin


def at_account(call: Call, snapshot: Snapshot) -> Sequence[Candidate]:
    """Return the only account that *call*, which is about an answer of its own, can go to.

    Raises:
        BadRequest: It is gone (KP-SYS-521).
    """
    found = [
        (each, account) for each in snapshot.providers for account in each.accounts if call.account == (each.id, account.name)
    ]
    if call.account is not None and not found:
        name = shortened(call.tail.split("/")[1], 100) if "/" in call.tail else ""
        whose = f"{call.account[0]}'s account {call.account[1]!r}"
        raise BadRequest(NOT_STORED, f"Response with id {name!r} not found: {whose}, which has it, is not there any more.")
    return [
        Candidate(provider=provider, account=account, model=call.peek.model, dialect=call.dialect)
        for provider, account in found
    ]


def by_origin(plan: Sequence[Candidate], origin: Origin | None) -> Sequence[Candidate]:
    """Return *plan* with whoever is *origin* in front."""
    return plan if origin is None else sorted(plan, key=lambda each: origin_of(each) != origin)


def origin_of(candidate: Candidate) -> Origin:
    """Return whose account *candidate* asks."""
    return Origin(provider=candidate.provider.id, account=candidate.account.name)


def forget(call: Call, status: int, kept: KeptAnswers) -> None:
    """Forget the answer that *call* is about once the account that has it said with *status* that it is deleted, or not there.

    Not before: a tool that asks again after an error would be told that there is nothing to delete.
    """
    if call.account is not None and call.method == "DELETE" and (status < 300 or status == 404):
        kept.drop(call.tail.removeprefix("/"), scope=call.key_name)


def unsaid(call: Call, candidate: Candidate, dialect: Dialect, kept: KeptAnswers, now: float) -> Sequence[Kept]:
    """Return the answers that *call* goes on from, the first one first; none where *candidate* has them, or there are none.

    Raises:
        BadRequest: It goes on from an answer that nobody knows (KP-PROV-118). Where *candidate* speaks the client's format it
            may be one that it knows: then the request passes, and it has the word.
    """
    previous = call.peek.previous
    if keeper_of(dialect) is None or not previous:
        return ()
    chain = kept.chain(previous, now, scope=call.key_name)
    passes = candidate.dialect == call.dialect
    if passes and (chain is None or chain[-1].origin == origin_of(candidate)):
        return ()
    if chain is None:
        raise BadRequest(UNKNOWN, f"Previous response with id {shortened(previous, 100)!r} not found.")
    if not all(each.whole for each in chain):
        shown = shortened(previous, 100)
        text = f"Previous response with id {shown!r} is still being made: get it until it is complete, then go on."
        raise BadRequest(UNKNOWN, text)
    return chain


def continued(call: Call, before: Sequence[Kept], dialect: Dialect) -> Call:
    """Return *call* with all that was said *before* in it.

    Raises:
        BadRequest: What it says is nothing readable (KP-SYS-509).
    """
    keeper = keeper_of(dialect)
    if keeper is None:
        return call
    try:
        body = keeper.expanded(call.body, [(each.items, each.answer) for each in before])
    except (ValueError, RecursionError):
        raise BadRequest("KP-SYS-509", "The body is no request: `input` must be a text or a list of items.") from None
    repeated = keeper.repeated(call.peek.previous)
    return structs.replace(call, body=body, peek=dialect.peek(call.path, body), repeated=repeated)


def unfinished(call: Call, kept: KeptAnswers, now: float) -> Kept | None:
    """Return the answer that *call* asks for again, where it was not whole before."""
    if call.account is None or call.method != "GET":
        return None
    found = kept.get(call.tail.removeprefix("/"), now, scope=call.key_name)
    return None if found is None or found.whole else found


def watching(
    call: Call, keeper: AnswerKeeper, kept: KeptAnswers, candidate: Candidate, *, is_stream: bool, now: float
) -> Keeping | None:
    """Return what keeps the answer of *candidate* to *call*; None where it is not to be kept."""
    known = unfinished(call, kept, now)
    if not (call.peek.keeps if call.account is None else known):
        return None
    return Keeping(call=call, keeper=keeper, kept=kept, candidate=candidate, is_stream=is_stream, now=now, known=known)


@attrs.define(kw_only=True)
class Keeping:
    """Watches one answer as the client gets it, and keeps it once it is whole; one that is made in the background before, too.

    Attributes:
        is_stream: Whether it is a stream, whose last event holds the whole answer.
        known: What was kept of the same answer when it was not whole.
    """

    call: Call
    keeper: AnswerKeeper
    kept: KeptAnswers
    candidate: Candidate
    is_stream: bool
    now: float
    known: Kept | None = None
    _pieces: list[bytes] = attrs.field(factory=list, init=False, repr=False)
    _size: int = attrs.field(default=0, init=False)
    _tried: float = attrs.field(default=0, init=False)
    _done: bool = attrs.field(default=False, init=False)

    def see(self, piece: bytes) -> None:
        """Take the next bytes, before the client gets them: of a stream whole events."""
        if self._done:
            return
        if self.is_stream:
            self._keep(self.keeper.whole_answer(piece) or (None if self.known else self.keeper.begun(piece)))
            return
        self._size += len(piece)
        if self._size > LONGEST:
            self._done = True
            self._pieces.clear()
            return
        self._pieces.append(piece)
        if piece.rstrip().endswith(b"}") and (self._size < _SMALL or self._size > self._tried * _GROWTH):
            self._tried = self._size
            self._keep(b"".join(self._pieces))

    def end(self) -> None:
        """Take note that there was all of it. Some clients read no further than to the end of the JSON, so this may be late."""
        if not self._done and self._pieces:
            self._keep(b"".join(self._pieces))

    def _keep(self, answer: bytes | None) -> None:
        if answer is None:
            return
        passed = self.candidate.dialect == self.call.dialect  # so it is the provider's own answer, which may have it, too
        whole = self.keeper.id_of(answer)
        name = whole or (self.keeper.pending(answer) if passed else None)
        if name is None:
            return
        self._done = whole is not None or not self.is_stream
        self._pieces = []
        self.known = attrs.evolve(self.known or self._made(name, answer, passed=passed), answer=answer, whole=whole is not None)
        self.kept.put(self.known, self.now, scope=self.call.key_name)

    def _made(self, name: str, answer: bytes, *, passed: bool) -> Kept:
        return Kept(
            id=name,
            previous=self.call.peek.previous or None,
            items=self.keeper.items(self.call.body),
            answer=answer,
            origin=origin_of(self.candidate) if passed and self.keeper.is_stored(answer) else None,
            model=self.call.peek.model,
        )
