"""What the management API asks of the configuration that is in force, and what it has it do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from korproxy.kit.shortening import shortened
from korproxy.runtime.foreseeing import foresee
from korproxy.runtime.reload import Reloader

NOBODY, FORGOTTEN = "KP-CONF-242", "KP-SYS-526"


@attrs.frozen
class Enquiries:
    """Answers in JSON's own types. Holds no state of its own."""

    reloader: Reloader
    redactor: Redactor

    async def reload(self) -> dict[str, Any]:
        """Have the configuration read again; return what came of it."""
        done = await self.reloader.reload("asked by the management API")
        return self._clean(done.to_dict())

    def routing(self) -> dict[str, Any]:
        """Return profiles, groups and rules."""
        parts = self.reloader.parts
        found = {
            "generation": parts.generation,
            **attrs.asdict(parts.snapshot().routing, value_serializer=_plain),
            "strategies": sorted(each.item.name for each in parts.offered_strategies),
            "safe_mode_available": parts.settings.features.safe_mode,
        }
        return self._clean(found)

    def wake(self, provider: str, account: str) -> dict[str, Any]:
        """End the waits of *account*; say whether there was one.

        Raises:
            BadRequest: KP-CONF-242: there is no such account.
        """
        providers = {each.id: [account.name for account in each.accounts] for each in self.reloader.parts.providers}
        if account not in providers.get(provider, ()):
            known = ", ".join(f"{name}/{each}" for name, accounts in providers.items() for each in accounts) or "none"
            raise BadRequest(
                NOBODY, f"No account {shortened(f'{provider}/{account}', 100)!r} is configured. There are: {known}."
            )
        woken = self.reloader.shared.lasting.board.wake(provider, account)
        return {"provider": provider, "account": account, "woken": woken}

    def why(self, asked: str) -> dict[str, Any]:
        """Return the stories of the requests with this own or correlation id, the newest first.

        Raises:
            BadRequest: KP-SYS-526: there is none.
        """
        found = self.reloader.shared.lasting.stories.find(asked)
        if not found:
            raise BadRequest(FORGOTTEN, f"No request with the id {shortened(asked, 100)!r} is remembered.")
        return self._clean({"requests": [each.to_dict() for each in found]})

    def test(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Return where a request would go, and why: the decision, or the error with which it would be refused.

        Raises:
            BadRequest: What was *posted* is no request; see ``trial``.
        """
        return self._clean(foresee(posted, self.reloader.entrance.front.snapshot, self.reloader.shared.lasting.router))

    def _clean(self, found: object) -> dict[str, Any]:
        cleaned: dict[str, Any] = clean(found, self.redactor)
        return cleaned


def _plain(_: object, __: object, value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else value
