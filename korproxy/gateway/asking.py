"""How a candidate is asked: what it is sent, and its answer once the first piece of it is here. No sockets of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import attrs
import trio

from korproxy.chat.report import Report
from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.answer_headers import for_client, has_events
from korproxy.gateway.attempts import Form, Learnt, second
from korproxy.gateway.beginning import REFUSAL_LIMIT, Begun, Naming, begin, blame
from korproxy.gateway.failover import Overtaken
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.inflate import Inflater, inflated
from korproxy.gateway.keeping import (
    continued,
    unsaid,
)
from korproxy.gateway.kept_answers import KeptAnswers
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.lossy import lossy_header
from korproxy.gateway.passage import Passage, Unchanged
from korproxy.gateway.provenance import Owner, Provenance
from korproxy.gateway.queries import without_credentials
from korproxy.gateway.relay import Relay
from korproxy.gateway.routing import Candidate, Snapshot
from korproxy.gateway.seats import Seat
from korproxy.gateway.upstream import Reply
from korproxy.gateway.verdicts import COOLING
from korproxy.gateway.windows import Window
from korproxy.kit.rate_limits import spent_until
from korproxy.models.calls import Call, Outgoing, UpstreamRequest
from korproxy.models.clock import wall_time
from korproxy.models.outcome import Refusal

if TYPE_CHECKING:  # what only translating needs is imported where that begins: the daemon starts 50 ms sooner
    from korproxy.chat.memory import ReasoningMemory
    from korproxy.chat.parts import Seal
    from korproxy.gateway.crossing import Crossing
    from korproxy.gateway.embedding import EmbeddingCrossing
    from korproxy.gateway.images import ImageFetcher

T = TypeVar("T")
LateError: TypeAlias = Callable[[KorproxyError, bytes], bytes]
Own: TypeAlias = "Callable[[Seal], bool]"

LARGE = 256 * 1024  # bytes of a request whose translation would hold up everybody else: it goes to a thread


@attrs.define(slots=False)  # there is one, and with slots ``cached_property`` makes it 3 ms dearer to start
class Asker:
    """Knows the ways to the providers, and what is to be known on them; the ``Gate`` says which one is taken."""

    snapshot: Snapshot
    windows: Mapping[str, Window]
    lasting: Lasting = attrs.field(factory=Lasting)
    provenance: Provenance = attrs.field(init=False)  # these are asked for each request
    learnt: Learnt = attrs.field(init=False)
    kept: KeptAnswers = attrs.field(init=False)
    board: HealthBoard = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        lasting = self.lasting
        self.provenance, self.learnt, self.kept, self.board = lasting.provenance, lasting.learnt, lasting.kept, lasting.board

    @cached_property
    def memory(self) -> ReasoningMemory:
        """See ``Lasting``."""
        return self.lasting.memory

    @cached_property
    def images(self) -> ImageFetcher:
        """See ``Lasting``."""
        return self.lasting.images

    def has_room(self, candidate: Candidate) -> bool:
        """Whether *candidate* could be asked at once."""
        return self.windows[candidate.provider.id].slots.has_room

    def _is_well(self, candidate: Candidate) -> bool:
        """Whether *candidate* can be asked just so: nothing is to be found out by that."""
        standing = self.board.standing(candidate.provider.id, candidate.account.name, candidate.model)
        return standing.state == "available"

    def _is_overtaken(self, candidate: Candidate, *, probe: bool) -> bool:
        """Whether *candidate* has begun to rest while a request to it was made ready, or waited for its place."""
        standing = self.board.standing(candidate.provider.id, candidate.account.name, candidate.model)
        return standing.state != "available" and (not probe or standing.until > trio.current_time())

    async def attempt(
        self, call: Call, candidate: Candidate, ledger: Ledger, late_error: LateError, *, probe: bool = False
    ) -> Relay:
        """Ask *candidate*, and return its answer once the first piece of it is here; see ``open``.

        Args:
            probe: It rests, and this is to find out whether it is well again.
        """
        provider = candidate.provider
        ledger.provider, ledger.account, ledger.upstream_model = provider.id, candidate.account.name, candidate.model
        ledger.upstream_dialect = candidate.dialect
        ledger.attempts += 1
        if call.peek.previous:
            call = await self._continued(call, candidate)
        try:
            origin = candidate.origin
        except Exception as exc:  # noqa: BLE001 -- whatever it is, it is raised on
            blame(provider.id, exc)
        owner = Owner(self.provenance, origin)
        if candidate.dialect == call.dialect and len(call.body) <= LARGE:
            body, report = self._passing(call, candidate, owner)
            form = Form(candidate, owner, None, report, self._prepare(call, candidate, body, passes=True))
        else:
            form = await self._form(call, candidate, owner, owner)
        ledger.losses = lossy_header(form.report) if form.report.notes else b""
        window = self.windows[provider.id]
        until = call.began + provider.deadlines.total
        seat = Seat(window.slots, self.board, candidate)
        if not window.slots.take(seat):
            patience = min(provider.deadlines.first_byte, until - trio.current_time())
            await window.slots.enter(seat, max(patience, 0.0))
        if not self.board.calm and call.account is None and self._is_overtaken(candidate, probe=probe):
            window.slots.leave(seat)
            raise Overtaken(COOLING, f"{provider.id}/{candidate.account.name} rests since others were refused there.")
        held: Reply | Relay | None = None
        try:
            held = reply = await window.upstream.open(form.wanted, until)
            if (wait := spent_until(reply.headers, 0.0)) is not None:  # now: the first byte may take its time behind that
                self._rest(candidate, wait)
            begun = await begin(form.candidate, reply)
            if begun.refusal is not None:
                form, begun = await self._begun_again(call, form, begun, window, until=until, ledger=ledger)
                held = reply = begun.reply
            code = None if begun.refusal is None else begun.refusal.code
            ledger.status, ledger.code = reply.status, code
            held = relay = Relay(  # in the order of its fields; see ``models.calls``
                form.candidate,
                ledger,
                for_client(reply.headers, provider.vendor_headers, stream=begun.is_stream),
                reply,
                passage := self._passage(ledger, form, begun, late_error),
                seat,
                code,
                begun.first,
            )
            if code is not None:
                relay.refusal = begun.refusal
            relay.first = await relay.next_piece()
            plain = form.crossing is None and not begun.is_stream  # then nothing in it is an error event
            relay.good = relay.code is None and relay.ended_badly is None and (plain or not passage.failed)
        except BaseException:
            await _let_go(held, seat)
            raise
        return relay

    async def _continued(self, call: Call, candidate: Candidate) -> Call:
        dialect = self.snapshot.dialects.get(call.dialect)
        before = () if dialect is None else unsaid(call, candidate, dialect, self.kept, trio.current_time())
        if dialect is None or not before:
            return call
        return await _work(sum(each.size for each in before), partial(continued, call, before, dialect))

    def _rest(self, candidate: Candidate, wait: float) -> None:
        """Let an account rest that says that its rate limit is used up: whoever is next would be refused."""
        if not candidate.account.forwards:
            provider, account, model = candidate.provider.id, candidate.account.name, candidate.model
            self.board.spent(provider, account, model, until=trio.current_time() + wait, code="KP-RATE-401")

    async def _begun_again(
        self, call: Call, form: Form, begun: Begun, window: Window, *, until: float, ledger: Ledger
    ) -> tuple[Form, Begun]:
        """Return the answer to a second form where the provider, which refused the first one, would have it no other way."""
        other = None if begun.refusal is None else await self._second_form(call, form, begun.refusal)
        if other is None:
            return form, begun
        await begun.reply.aclose()
        ledger.attempts += 1
        ledger.losses = lossy_header(other.report) if other.report.notes else b""
        return other, await _open(other, window, until)

    async def _second_form(self, call: Call, form: Form, refusal: Refusal) -> Form | None:
        try:
            with Naming(form.candidate.provider.id):
                again = second(refusal, form, call)
            other = None if again is None else await self._form(call, again.candidate, form.owner, again.own)
        except KorproxyError:
            return None  # it cannot be said in another way: the refusal stands
        if other is None or (other.wanted.url, other.wanted.body) == (form.wanted.url, form.wanted.body):
            return None
        if refusal.seals == "refused":
            form.owner.disown()
        if other.candidate != form.candidate:
            self.learnt.note(form.candidate, other.candidate)
        return other

    async def _form(self, call: Call, candidate: Candidate, owner: Owner, own: Own) -> Form:
        """Return *call* as *candidate* gets it, with the seals that are *own*."""
        if candidate.dialect == call.dialect:
            passing = partial(self._passing, call, candidate, own)
            return self._passing_form(call, candidate, owner, await _work(len(call.body), passing))
        crossing = await self._cross(call, candidate, own)
        wanted = self._prepare(call, candidate, crossing.written.body, passes=False)
        return Form(candidate=candidate, owner=owner, crossing=crossing, report=crossing.report, wanted=wanted)

    def _passing_form(self, call: Call, candidate: Candidate, owner: Owner, passing: tuple[bytes, Report]) -> Form:
        body, report = passing
        wanted = self._prepare(call, candidate, body, passes=True)
        return Form(candidate, owner, None, report, wanted)

    async def _cross(self, call: Call, candidate: Candidate, own: Own) -> Crossing | EmbeddingCrossing:
        """Return *call* in the candidate's format, which is not the client's own."""
        from korproxy.gateway.crossing import Crossing, no_way, read, translators, write
        from korproxy.gateway.embedding import cross, embedders

        client_dialect, away_dialect = map(self.snapshot.dialects.get, (call.dialect, candidate.dialect))
        if (pair := embedders(client_dialect, away_dialect)) is not None:
            with Naming(candidate.provider.id):
                return await _work(len(call.body), partial(cross, call, candidate, *pair))
        both = translators(client_dialect, away_dialect)
        if both is None:
            raise no_way(call, candidate)
        client, away = both
        with Naming(candidate.provider.id):
            reading = await _work(len(call.body), partial(read, call, client, created=int(wall_time()), own=own))
            conversation = reading.conversation
            if candidate.provider.fetch_images and not candidate.provider.abilities(candidate.model).image_links:
                conversation = await self.images.inline(conversation, reading.report)
            conversation = self.memory.restore(conversation, own, trio.current_time(), scope=call.key_name)
            reading = attrs.evolve(reading, conversation=conversation)
            written = await _work(len(call.body), partial(write, reading, call, candidate, away))
        return Crossing(back=client, away=away, asked=reading.asked, written=written, report=reading.report)

    def _passing(self, call: Call, candidate: Candidate, own: Own) -> tuple[bytes, Report]:
        """Return the body that passes to a provider of the client's own format, and what of it could not."""
        dialect, report, body = self.snapshot.dialects[call.dialect], Report(), call.body
        if candidate.model != call.peek.model and call.peek.span is not None:
            body = dialect.set_model(body, call.peek.span, candidate.model)
        if dialect.translator is not None:
            try:
                body = dialect.translator.without_foreign_reasoning(body, own, report)
            except Exception as exc:  # noqa: BLE001 -- whatever it is, it is raised on
                blame(candidate.provider.id, exc)
        return body, report

    def _prepare(self, call: Call, candidate: Candidate, body: bytes, *, passes: bool) -> UpstreamRequest:
        provider = candidate.provider
        outgoing = Outgoing(  # in the order of its fields; see ``models.calls``
            candidate.dialect,
            candidate.model,
            call.peek.stream,
            body,
            call.headers.starting(provider.vendor_headers),
            without_credentials(call.query) if passes and call.query else b"",
            call.credential if candidate.account.forwards else None,
            call.correlation_id,
            call.path if passes else "",
            call.method,
            call.tail,
        )
        try:
            return provider.prepare(outgoing, candidate.account)
        except Exception as exc:  # noqa: BLE001 -- whatever it is, it is raised on
            blame(provider.id, exc)

    def _passage(self, ledger: Ledger, form: Form, begun: Begun, late_error: LateError) -> Passage:
        name, reply, crossing, stream = form.candidate.provider.id, begun.reply, form.crossing, begun.is_stream
        if crossing is None:
            return Unchanged(  # in the order of its fields; see ``models.calls``
                name,
                self.snapshot.dialects[form.candidate.dialect].reader(stream=stream),
                FrameCutter() if stream else None,
                late_error,
                form.owner.note,
                begun.refusal is not None,
            )
        from korproxy.gateway.embedding import Embedded, EmbeddingCrossing
        from korproxy.gateway.translation import LONGEST, Refused, Translated, looks_like_events

        first = inflated(reply.headers, begun.first, longest=REFUSAL_LIMIT)
        if begun.refusal is not None:
            error = crossing.away.read_error(reply.status, reply.headers, first)
            status, body = crossing.back.write_error(error)
            streamed = None if isinstance(crossing, EmbeddingCrossing) else crossing
            return Refused(crossing=streamed, error=error, status=status, body=body)
        if isinstance(crossing, EmbeddingCrossing):
            return Embedded(provider=name, crossing=crossing, inflater=Inflater.of(reply.headers, longest=LONGEST))
        return Translated(
            provider=name,
            crossing=crossing,
            events=has_events(reply.headers) or looks_like_events(first),
            late_error=late_error,
            watch=self.memory.watcher(trio.current_time(), scope=ledger.call.key_name),
            note=form.owner.note,
            spends=self.snapshot.dialects[ledger.call.dialect].kind != "count",
            inflater=Inflater.of(reply.headers, longest=LONGEST),
        )


async def _let_go(held: Reply | Relay | None, seat: Seat) -> None:
    """Close what an attempt holds that came to nothing; what is known of that is told by its error."""
    seat.judged = True
    try:
        if held is not None:
            await held.aclose()
    finally:
        if not isinstance(held, Relay):  # which leaves the seat itself
            seat.slots.leave(seat)


async def _open(form: Form, window: Window, until: float) -> Begun:
    reply = await window.upstream.open(form.wanted, until)
    try:
        return await begin(form.candidate, reply)
    except BaseException:
        await reply.aclose()
        raise


async def _work(size: int, work: Callable[[], T]) -> T:
    """Return what *work* on *size* bytes returns; many are worked on in a thread, and hold nobody up."""
    return await trio.to_thread.run_sync(work) if size > LARGE else work()
