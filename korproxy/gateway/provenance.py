"""Whose sealed reasoning is whose. Pure.

Vendors bind the seal on their reasoning to who asked for it: Anthropic and Google to themselves, OpenAI to account and model.
A conversation that holds somebody else's is refused for good, since its history does not change. Of each seal that passes a
digest is kept here, and where it came from; of its content nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs
import msgspec

if TYPE_CHECKING:
    from korproxy.chat.parts import Seal

ENTRIES = 50_000
DIGEST_SIZE = 16  # bytes: enough that nobody meets two that are alike
_BOUND_TO_MODELS = frozenset({"openai"})
_LINE = re.compile(r"[a-z]+-?\d+(?:\.\d+)?")  # gpt-6 of gpt-6-sol, o3 of o3-mini
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")  # Google's SDK sends base64 back in the other alphabet


@attrs.frozen(kw_only=True)
class Origin:
    """Who made a seal, and is sent it again.

    Attributes:
        family: The vendor of the model; where that binds seals to the model, too, with a slash and the model's line
            behind it: ``openai/gpt-6``.
    """

    provider: str
    family: str
    account: str

    @property
    def vendor(self) -> str:
        """The vendor alone, which is all that is known of a seal that nobody has noted."""
        return self.family.partition("/")[0]


def family_of(vendor: str, model: str) -> str:
    """Return the family of *vendor*'s *model*, which takes back its seals.

    OpenAI's refuse what models of another line have sealed (``model_mismatch`` in ``input_transformations`` of its Responses).
    """
    line = _LINE.match(model.lower().rpartition("/")[2]) if vendor in _BOUND_TO_MODELS else None
    return vendor if line is None else f"{vendor}/{line[0]}"


NOBODY = Origin(provider="", family="", account="")  # a provider has refused it


def digest(seal: Seal) -> bytes:
    """Return what *seal* is known by: the same in both alphabets of base64, padded or not."""
    plain = seal.data.encode("utf-8", "surrogatepass").translate(_FROM_URL_SAFE).rstrip(b"=")
    return sha256(plain).digest()[:DIGEST_SIZE]


@attrs.define(kw_only=True)
class Provenance:
    """Remembers where seals came from. What was noted the longest time ago goes first.

    Attributes:
        changes: How often something in it has become different, so that a copy can be told from it.
    """

    entries: int = ENTRIES
    changes: int = attrs.field(default=0, init=False)
    _origins: dict[bytes, Origin] = attrs.field(factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self._origins)

    def note(self, seal: Seal, origin: Origin) -> None:
        """Remember that *seal* came from *origin*."""
        self._put(digest(seal), origin)

    def origin_of(self, mark: bytes) -> Origin | None:
        """Return where the seal with the digest *mark* came from: ``NOBODY`` where it was refused, None if it is not known."""
        return self._origins.get(mark)

    def disown(self, mark: bytes) -> None:
        """Remember that a provider refused the seal with the digest *mark*: it belongs to nobody until it is noted again."""
        self._put(mark, NOBODY)

    def copy(self) -> Mapping[bytes, Origin]:
        """Return all that is remembered, by digest, the oldest first."""
        return dict(self._origins)

    def recall(self, remembered: Mapping[bytes, Origin]) -> None:
        """Take back what ``copy`` gave once; what was noted since goes first, and counts as newer."""
        newer, self._origins = self._origins, dict(remembered)
        for mark, origin in newer.items():
            self._put(mark, origin)
        self._shrink()

    def _put(self, mark: bytes, origin: Origin) -> None:
        known = self._origins.pop(mark, None)
        self._origins[mark] = origin  # now the last to go
        if known != origin:
            self.changes += 1
            self._shrink()

    def _shrink(self) -> None:
        while len(self._origins) > self.entries:
            del self._origins[next(iter(self._origins))]


class Owner(msgspec.Struct):
    """Says of each seal in one request whether it may be sent to *origin*; see ``Translator.without_foreign_reasoning``.

    Where nobody knows whose a seal is, or of what family the provider, it may well be its own: then it is not kept from it.
    """

    provenance: Provenance
    origin: Origin
    _granted: set[bytes] | None = None  # digests, once there are any: most requests have none

    def __call__(self, seal: Seal) -> bool:
        if not seal.data:  # unsealed reasoning, which only the vendor of the format looks for a seal on
            return seal.family != self.origin.vendor
        mark = digest(seal)
        known = self.provenance.origin_of(mark)
        if known is None:
            mine = seal.family == self.origin.vendor or not (seal.family and self.origin.vendor)
        else:
            mine = known == self.origin
        if mine:
            self._granted = self._granted or set()
            self._granted.add(mark)
        return mine

    def note(self, seals: Iterable[Seal]) -> None:
        """Note that *seals* came from here."""
        for each in seals:
            self.provenance.note(each, self.origin)

    def disown(self) -> None:
        """Note that the provider has refused what it was sent."""
        for each in self._granted or ():
            self.provenance.disown(each)
