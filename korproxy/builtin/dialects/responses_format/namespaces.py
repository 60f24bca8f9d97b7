"""Tools in namespaces, for formats that have none: ``files`` and ``read`` become ``files__read``.

The same names come out each time, whatever else is in the request, unless two would meet.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.define
class Names:
    """The names of the tools of one request, and which of them stand for a tool in a namespace."""

    _taken: set[str] = attrs.field(factory=set)
    _flat: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)

    def flat(self, name: str, namespace: str | None) -> str:
        """Return the one name of the tool *name* in *namespace*.

        Without a namespace it is *name*; but where there is no such tool, and only one namespace has one, that one is meant.
        """
        if not namespace:
            meant = [flat for (_, inner), flat in self._flat.items() if inner == name] if name not in self._taken else []
            return meant[0] if len(meant) == 1 else name
        known = self._flat.get((namespace, name))
        return known if known is not None else self._given(name, namespace)

    @property
    def namespaces(self) -> Mapping[str, tuple[str, str]]:
        """The namespace and the name in there, by the one name that stands for both."""
        return {flat: place for place, flat in self._flat.items()}

    def _given(self, name: str, namespace: str) -> str:
        stem = flat = f"{namespace}__{name}"
        count = 1
        while flat in self._taken:
            count += 1
            flat = f"{stem}_{count}"
        self._taken.add(flat)
        self._flat[namespace, name] = flat
        return flat
