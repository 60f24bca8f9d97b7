"""What a client is told where nobody may be asked now. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from korproxy.errors.exceptions import AccountRefused, Busy, KorproxyError, NoProvider, ProviderLost, ProviderRefused
from korproxy.models.decisions import Rejected

COOLING = "KP-RATE-405"
DISABLED = "KP-PROV-125"
_REFUSED = "KP-AUTH-007"
_SHOWN = 5  # accounts that are named; who has more of them looks into `korproxy account list`
_WORDS = {
    "rate_limited": "rate limited",
    "spent": "its rate limit is used up",
    "erroring": "failing",
    "probing": "being tried out by another request",
    "refused": "refused by its provider",
    "no key": "without a key",
}


def verdict(rejected: Sequence[Rejected], returns_in: float | None) -> KorproxyError:
    """Return the error of a request that none of *rejected* may be asked for.

    Args:
        returns_in: Seconds until the first of them may be asked again; None: none will by itself.
    """
    named = ", ".join(map(_named, rejected[:_SHOWN])) + (
        f" and {len(rejected) - _SHOWN} more" if len(rejected) > _SHOWN else ""
    )
    if returns_in is not None:
        wait = max(1, ceil(returns_in))
        text = f"All accounts that could answer are resting: {named}. Try again in {wait} s."
        return Busy(COOLING, text, retry_after=float(wait))
    refused = next((each for each in rejected if each.why == "refused"), None)
    if refused is None:
        return NoProvider(DISABLED, f"None of the accounts that could answer can be asked: {named}.")
    keyed = refused.code in {"", _REFUSED}
    what = remedy(refused.provider, refused.account, refused.code)
    return AccountRefused(
        refused.code or _REFUSED,
        f"None of the accounts that could answer can be asked: {named}. {what}",
        provider=refused.provider,
        account=refused.account,
        upstream_status=401 if keyed else 402,
    )


def remedy(provider: str, account: str, code: str = _REFUSED) -> str:
    """Say what to do where *provider* refuses *account* with *code*: it is asked no more until then."""
    whose = f"{provider}/{account}"
    if code not in {"", _REFUSED}:
        return f"Pay there, then: korproxy account wake {whose}"
    return (
        f"Put a valid key where the account {whose} points to, then: korproxy reload."
        f" If the key is valid by now: korproxy account wake {whose}"
    )


def unsayable(provider: str, status: int, code: str | None) -> KorproxyError:
    """Return the error of an answer that is none of events, for a client whose stream has begun already.

    Args:
        code: Of the provider's own error; None: it is a good answer.
    """
    if code is None:
        text = f"The answer of {provider} cannot be used: a stream was asked for, and something else came."
        return ProviderLost("KP-PROV-116", text, provider=provider)
    return ProviderRefused(code, f"{provider} answered {status}.", provider=provider, upstream_status=status)


def _named(each: Rejected) -> str:
    why = _WORDS.get(each.why, each.why)
    code = f", {each.code}" if each.code else ""
    back = f", back in {max(1, ceil(each.returns_in))} s" if each.returns_in is not None else ""
    return f"{each.provider}/{each.account} ({why}{code}{back})"
