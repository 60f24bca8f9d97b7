"""The registry of KP codes: what each one means, and what a user can do about it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping

import attrs

CODE = re.compile(r"^KP-([A-Z]+)-([0-9]{3})\Z")
RANGES: Mapping[str, range] = {
    "AUTH": range(1, 100),
    "PROV": range(100, 200),
    "CONF": range(200, 300),
    "NET": range(300, 400),
    "RATE": range(400, 500),
    "SYS": range(500, 600),
}
PLUGIN_SHARE = 20  # the last numbers of each range belong to plugins


class Severity(enum.Enum):
    """How bad it is for the person who reads it."""

    INFO = "info"  # nothing to do
    WARNING = "warning"  # works, or will again by itself
    ERROR = "error"  # this request or command failed
    CRITICAL = "critical"  # KorProxy does not run


class BadCode(ValueError):
    """A code is malformed, outside its range, or used twice."""


@attrs.frozen(kw_only=True)
class ErrorCode:
    """One code of the registry.

    Attributes:
        code: ``KP-CATEGORY-NNN``, for ever the same.
        message: One sentence, what happened.
        description: Why it happens, in a few sentences.
        steps: What to do, in the order to try it. Never empty.
        status: The HTTP status a client gets where KorProxy answers itself.
        retryable: Whether the same request can succeed later without a change.
    """

    code: str
    message: str
    description: str
    severity: Severity = Severity.ERROR
    steps: tuple[str, ...]
    status: int
    retryable: bool = False

    @property
    def category(self) -> str:
        """The middle part: ``AUTH``, ``PROV``, ``CONF``, ``NET``, ``RATE`` or ``SYS``."""
        return self.code.split("-")[1]

    def to_dict(self) -> dict[str, object]:
        """Return all of it in JSON's own types, for other programs."""
        return {
            "code": self.code,
            "category": self.category,
            "message": self.message,
            "description": self.description,
            "severity": self.severity.value,
            "troubleshooting": list(self.steps),
            "http_status": self.status,
            "retryable": self.retryable,
        }


def check_code(code: str, *, plugin: bool = False) -> None:
    """Raise ``BadCode`` unless *code* is well formed and in its category's range (a plugin's: in its last numbers)."""
    found = CODE.match(code)
    if found is None or found[1] not in RANGES:
        raise BadCode(f"{code!r} is not of the form KP-{{{','.join(RANGES)}}}-NNN")
    allowed = RANGES[found[1]]
    if plugin:
        allowed = allowed[-PLUGIN_SHARE:]
    if int(found[2]) not in allowed:
        owner = "a plugin's codes" if plugin else "codes"
        raise BadCode(f"{code}: {owner} of {found[1]} are {allowed[0]:03} to {allowed[-1]:03}")


@attrs.define
class Registry:
    """All codes of one process: the built-in ones, then those of plugins."""

    _codes: dict[str, ErrorCode] = attrs.field(factory=dict)

    @classmethod
    def of(cls, codes: Iterable[ErrorCode]) -> Registry:
        """Return a registry of *codes*; ``BadCode`` if one is out of range or there twice."""
        registry = cls()
        for code in codes:
            registry.add(code)
        return registry

    def add(self, code: ErrorCode, *, plugin: bool = False) -> None:
        """Add *code*; ``BadCode`` if it is malformed, outside its range, or taken."""
        check_code(code.code, plugin=plugin)
        if code.code in self._codes:
            raise BadCode(f"{code.code} is used twice: {self._codes[code.code].message!r} and {code.message!r}")
        self._codes[code.code] = code

    def __getitem__(self, code: str) -> ErrorCode:
        return self._codes[code]

    def get(self, code: str) -> ErrorCode | None:
        """Return the entry of *code*, or None."""
        return self._codes.get(code)

    def __contains__(self, code: str) -> bool:
        return code in self._codes

    def __iter__(self) -> Iterator[ErrorCode]:
        return iter(sorted(self._codes.values(), key=lambda each: int(each.code[-3:])))

    def __len__(self) -> int:
        return len(self._codes)
