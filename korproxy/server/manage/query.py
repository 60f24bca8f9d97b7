"""What stands behind the ``?`` of a management route: read, and refused where it is not understood. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import parse_qsl

import attrs

from korproxy.errors.exceptions import BadRequest
from korproxy.kit.shortening import shortened
from korproxy.models.times import moment

WRONG = "KP-SYS-543"
MOST_FIELDS = 20
LONGEST = 300  # characters of a value
YES, NO = frozenset({"", "1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})  # ?failed alone says yes


@attrs.frozen
class Query:
    """Questions by name; an empty value is none.

    Whatever is wrong is a ``BadRequest`` KP-SYS-543 that says what would be right.
    """

    said: Mapping[str, str]

    @classmethod
    def of(cls, raw: bytes, *known: str) -> Query:
        """Return what *raw* asks, all of it among *known*: a misspelt filter must not look like an answer without one."""
        try:
            pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        except ValueError:
            raise BadRequest(WRONG, f"The query is no text, or has more than {MOST_FIELDS} parts.") from None
        said: dict[str, str] = {}
        for name, value in pairs:
            if name not in known:
                taken = f"It takes {', '.join(known)}." if known else "It takes none."
                raise BadRequest(WRONG, f"This address takes no {shortened(name, 60)!r} in its query. {taken}")
            if name in said:
                raise BadRequest(WRONG, f"{name!r} stands in the query more than once.")
            if len(value) > LONGEST:
                raise BadRequest(WRONG, f"{name!r} has more than {LONGEST} characters.")
            said[name] = value
        return cls(said)

    def text(self, name: str) -> str:
        """Return the text *name*; empty where nobody said any."""
        return self.said.get(name, "")

    def flag(self, name: str) -> bool:
        """Return whether *name* is wanted."""
        value = self.said.get(name, "no").lower()
        if value not in YES | NO:
            raise BadRequest(WRONG, f"{name!r} is true or false, not {shortened(value, 60)!r}.")
        return value in YES

    def number(self, name: str, default: int, most: int) -> int:
        """Return the whole number *name* between 1 and *most*."""
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
            raise BadRequest(WRONG, f"{name!r} is a whole number from 1 to {most}, not {shortened(value, 60)!r}.")
        return int(value)

    def moment(self, name: str, now: float, default: float) -> float:
        """Return the time *name*, in seconds since the epoch; see ``models.times.moment``."""
        value = self.text(name)
        if not value:
            return default
        try:
            return moment(value, now)
        except ValueError as exc:
            problem = str(exc)
        with suppress(ValueError):
            return moment("+".join(value.rsplit(" ", 1)), now)  # the plus of a zone, which means a blank behind the ``?``
        raise BadRequest(WRONG, f"{name!r} is no time: {shortened(value, 60)!r}. {problem}.")

    def choice(self, name: str, among: Sequence[str], default: str) -> str:
        """Return which of *among* the value of *name* is."""
        value = self.text(name).lower() or default
        if value not in among:
            raise BadRequest(WRONG, f"{name!r} is one of {', '.join(among)}, not {shortened(value, 60)!r}.")
        return value
