"""One connected socket: read and written without waiting where possible, and waited on as cheaply as possible where not."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from math import inf
from socket import MSG_PEEK
from socket import socket as Socket  # noqa: N812 -- a wire has one of that name
from typing import Self

import attrs
import trio
from trio.lowlevel import Abort, RaiseCancelT, Task, current_task, reschedule

from korproxy.net.reactor import Reactor, current_reactor
from korproxy.net.waking import WOKEN, pause, plea_to_trio

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # Windows has neither
    ioctl = None  # type: ignore[assignment]

AT_ONCE = 64 * 1024  # bytes of one read
_NO_BYTES = bytes(4)  # a C int that is 0
_GATHERS = hasattr(Socket, "sendmsg")  # Windows has none
TURNS = 32  # reads in a row that found something there; then it is the others' turn

# Names that only some systems have; where they are missing there is no reactor either, and nobody asks.
_ENDED = sum(getattr(select, name, 0) for name in ("EPOLLRDHUP", "EPOLLHUP", "EPOLLERR"))
_TO_READ = getattr(select, "EPOLLIN", 0) | _ENDED
_TO_WRITE = sum(getattr(select, name, 0) for name in ("EPOLLOUT", "EPOLLHUP", "EPOLLERR"))


@attrs.define(eq=False)
class Wire:
    """A connected stream socket that never blocks. One task reads at a time, and one writes.

    Attributes:
        on_hangup: Called once the other side will send no more, also while nobody reads; only where ``watched``. Must not wait.
        on_input: Called when something came that nobody waits for; only where ``watched``. Must not wait.
        hung_up: The other side will send no more.
        closed: It was closed by us.
        blocked_since: Trio time at which the write that waits began to wait; None while none does.
        reader, writer: Who waits to read, and to write.
        readable: A read may find something: there was an event since the last one that took all, or nobody tells of events.
    """

    socket: Socket
    on_hangup: Callable[[], None] | None = attrs.field(default=None, init=False, repr=False)
    on_input: Callable[[], None] | None = attrs.field(default=None, init=False, repr=False)
    hung_up: bool = attrs.field(default=False, init=False)
    closed: bool = attrs.field(default=False, init=False)
    blocked_since: float | None = attrs.field(default=None, init=False)
    _reactor: Reactor | None = attrs.field(default=None, repr=False)
    readable: bool = attrs.field(default=True, init=False)
    _turns: int = attrs.field(default=0, init=False)
    reader: Task | None = attrs.field(default=None, init=False, repr=False)
    _plea: object = attrs.field(default=None, init=False, repr=False)  # of who reads; made with the first wait
    writer: Task | None = attrs.field(default=None, init=False, repr=False)
    _read_by: float = attrs.field(default=inf, init=False)
    _write_by: float = attrs.field(default=inf, init=False)
    _read_late: bool = attrs.field(default=False, init=False)
    _write_late: bool = attrs.field(default=False, init=False)

    @classmethod
    def of(cls, connected: Socket) -> Self:
        """Return the wire of a *connected* socket, which is the wire's from now on."""
        connected.setblocking(False)
        wire = cls(connected, reactor=current_reactor())
        if wire._reactor is not None:
            wire._reactor.add(wire)
        return wire

    @property
    def watched(self) -> bool:
        """Whether the other side's end is noticed while nobody reads."""
        return self._reactor is not None

    async def receive(self, size: int = AT_ONCE, deadline: float = inf) -> bytes:
        """Return what is there, at most *size* bytes, waiting for the first one until *deadline* (Trio time).

        Returns:
            ``b""`` at the end. No checkpoint where something is there, but for one now and then.

        Raises:
            trio.TooSlowError: The deadline has passed.
            trio.ClosedResourceError: It was closed by us.
            OSError: The connection broke.
        """
        if self._turns >= TURNS:
            self._turns = 0
            await trio.lowlevel.checkpoint()  # before anything is read: cancelled here, nothing is lost
        while True:
            if self.readable:
                self._turns += 1
            else:
                self._turns = 1
                reactor = self._reactor
                if reactor is None or self.closed or self.reader is not None:
                    await self.until_readable(deadline)
                else:  # as there, which would cost each request two calls more
                    self.reader, self._read_by = current_task(), deadline
                    if deadline < reactor.next_look:
                        reactor.look_at(deadline)
                    plea = self._plea
                    if plea is None:
                        plea = self._plea = plea_to_trio(self._stop_reading)
                    await pause(plea)
                    if self._read_late:
                        self._read_late = False
                        raise trio.TooSlowError
            try:  # as ``receive_now``, likewise
                data = self.socket.recv(size)
            except BlockingIOError:
                self.readable = False
                continue
            except OSError:
                self._raise_closed()
                raise
            if len(data) < size and self._reactor is not None and not self.hung_up:
                self.readable = False
            return data

    def receive_now(self, size: int = AT_ONCE) -> bytes | None:
        """Return what is there, ``b""`` at the end; None where nothing is. Raises as ``receive`` does."""
        if not self.readable:
            return None
        try:
            data = self.socket.recv(size)
        except BlockingIOError:
            self.readable = False
            return None
        except OSError:
            self._raise_closed()
            raise
        if len(data) < size and self._reactor is not None and not self.hung_up:
            self.readable = False  # less than was asked for means that all of it was read (epoll(7))
        return data

    async def until_readable(self, deadline: float = inf) -> None:
        """Wait until a read may find something, or the end; raises as ``receive`` does."""
        if self.closed:
            raise trio.ClosedResourceError
        reactor = self._reactor
        if reactor is None:
            await self._until_trio_finds_it_readable(deadline)
            return
        if self.reader is not None:
            raise trio.BusyResourceError("another task reads from this wire")
        self.reader, self._read_by = current_task(), deadline
        if deadline < reactor.next_look:
            reactor.look_at(deadline)
        await pause(plea_to_trio(self._stop_reading))
        if self._read_late:
            self._read_late = False
            raise trio.TooSlowError

    async def _until_trio_finds_it_readable(self, deadline: float) -> None:
        with trio.CancelScope(deadline=deadline):
            await trio.lowlevel.wait_readable(self.socket)
            self.readable = True
            return
        raise trio.TooSlowError

    def _stop_reading(self, _: RaiseCancelT) -> Abort:
        self.reader = None
        return Abort.SUCCEEDED

    def send_now(self, data: bytes | memoryview, *more: bytes | memoryview) -> int:
        """Send what goes without waiting of *data* and *more*; return how many bytes. Raises as ``receive`` does."""
        try:
            if not more:
                return self.socket.send(data)
            return self.socket.sendmsg((data, *more)) if _GATHERS else self.socket.send(b"".join((data, *more)))
        except BlockingIOError:
            return 0
        except OSError:
            self._raise_closed()
            raise

    async def send(self, data: bytes | memoryview, deadline: float = inf) -> bool:
        """Send all of *data*; waits only while the other side does not read. Raises as ``receive`` does.

        Where it raises, an unknown part of it was sent.

        Returns:
            Whether it had to wait.
        """
        sent = self.send_now(data)
        if sent == len(data):
            return False
        rest = memoryview(data)[sent:]
        while rest:
            await self.until_writable(deadline)
            rest = rest[self.send_now(rest) :]
        return True

    async def send_all_of(self, parts: Sequence[bytes], deadline: float = inf) -> bool:
        """Send *parts* one behind the other, without making one piece of them; see ``send``."""
        waited = False
        sent = self.send_now(*parts)
        for each in parts:
            if sent < len(each):
                waited |= await self.send(memoryview(each)[sent:] if sent else each, deadline)
            sent = max(sent - len(each), 0)
        return waited

    def _raise_closed(self) -> None:
        if self.closed:
            raise trio.ClosedResourceError from None

    async def until_writable(self, deadline: float = inf) -> None:
        """Wait until a write may get rid of something; raises as ``receive`` does. Only after a write that could not."""
        if self.closed:
            raise trio.ClosedResourceError
        if self.writer is not None:
            raise trio.BusyResourceError("another task writes to this wire")
        self.blocked_since = trio.current_time()
        try:
            if self._reactor is None:
                await self._until_trio_finds_it_writable(deadline)
                return
            self.writer, self._write_by = current_task(), deadline
            self._reactor.look_at(deadline)
            await pause(plea_to_trio(self._stop_writing))
        finally:
            self.blocked_since = None
        if self._write_late:
            self._write_late = False
            raise trio.TooSlowError

    async def _until_trio_finds_it_writable(self, deadline: float) -> None:
        with trio.CancelScope(deadline=deadline):
            await trio.lowlevel.wait_writable(self.socket)
            return
        raise trio.TooSlowError

    def _stop_writing(self, _: RaiseCancelT) -> Abort:
        self.writer = None
        return Abort.SUCCEEDED

    def quiet(self, *, just_now: bool = False) -> bool:
        """Whether nothing is there to be read, not even the end: only then is an idle connection worth using.

        Args:
            just_now: It was in use a moment ago. Then it is enough that no byte is there, which costs less than half: an end
                that nobody has told of yet costs its user a second try, but a byte would begin somebody else's answer.
        """
        if self.hung_up or self.closed:
            return False
        try:
            if just_now and not self.readable and ioctl is not None:
                count = bytearray(4)
                ioctl(self.socket.fileno(), FIONREAD, count)
                return count == _NO_BYTES
            self.socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def unasked(self) -> bool:
        """Whether what makes an idle connection not quiet says something, and is not only its end or a blank line."""
        try:
            return bool(self.socket.recv(AT_ONCE, MSG_PEEK).strip(b"\r\n"))
        except OSError:
            return False

    def happened(self, events: int) -> None:
        """Take note of what epoll says. For the reactor."""
        if events & _TO_READ:
            self.readable = True
            reader = self.reader
            if reader is not None:
                self.reader = None
                reschedule(reader, WOKEN)
            elif self.on_input is not None:
                self.on_input()
        if self.writer is not None and events & _TO_WRITE:
            self._wake_writer()
        if events & _ENDED and not self.hung_up:
            self.hung_up = True
            if self.on_hangup is not None:
                self.on_hangup()

    def late(self, now: float) -> float:
        """Wake whoever waits beyond the deadline at Trio time *now*; return the next deadline. For the reactor."""
        following = inf
        if self.reader is not None:
            if self._read_by <= now:
                self._read_late = True
                self._wake_reader()
            else:
                following = self._read_by
        if self.writer is not None:
            if self._write_by <= now:
                self._write_late = True
                self._wake_writer()
            else:
                following = min(following, self._write_by)
        return following

    def _wake_reader(self) -> None:
        reader, self.reader = self.reader, None
        if reader is not None:
            reschedule(reader, WOKEN)

    def _wake_writer(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            reschedule(writer, WOKEN)

    def release(self) -> Socket:
        """Let go of the socket, for somebody else to use; nobody may be waiting."""
        if self._reactor is not None:
            self._reactor.remove(self)
        self._plea = None
        return self.socket

    def close(self) -> None:
        """Close the socket now; whoever waits on it is told by ``trio.ClosedResourceError``. Again does nothing."""
        if self.closed:
            return
        if self._reactor is not None:
            self._reactor.remove(self)
        else:
            trio.lowlevel.notify_closing(self.socket)
        self.closed = True
        self._plea = None  # it refers to this
        self.socket.close()
        self.readable = False
        self._wake_reader()
        self._wake_writer()
