"""``[redaction] outgoing``: what requests say to providers, without what the rules that the user named find in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from korproxy.contracts import Redaction
from korproxy.errors.exceptions import InternalError, Problem
from korproxy.gateway import known_secrets
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit import encoded_secrets
from korproxy.kit.writing import json_bytes

FAILED, UNKNOWN = "KP-SYS-538", "KP-CONF-246"
_OWN = (known_secrets.NAME, encoded_secrets.NAME)
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)


def outgoing_rules(names: Collection[str], rules: Iterable[Redaction]) -> RuleSet | None:
    """Return those of *rules* that *names* name; None where that is nothing, so that nothing has to be looked at."""
    if not names:
        return None
    return RuleSet.of((each for each in rules if each.name in names), decodes=encoded_secrets.NAME in names)


def unknown_rules(names: Iterable[str], offered: Iterable[Redaction]) -> list[Problem]:
    """Return a problem (KP-CONF-246) for each of *names* that no rule has: what it was to hide would go out."""
    known = sorted({*_OWN, *(each.name for each in offered)})
    return [
        Problem(code=UNKNOWN, path=f"$.redaction.outgoing[{number}]", message=_no_rule(name, known))
        for number, name in enumerate(names)
        if name not in known
    ]


def without_secrets(body: bytes, rules: RuleSet) -> bytes:
    """Return the JSON in *body* with what *rules* find in its strings replaced; byte for byte as it is where that is nothing.

    Raises:
        InternalError: KP-SYS-538: a rule fails, so nobody knows what is in it.
    """
    try:
        text = body.decode("utf-8", "surrogateescape")
        if "\\" not in text and rules.harmless(text):
            return body
        found = _STRING.sub(lambda each: _cleaned(each[0], rules), text)
        return body if found == text else found.encode("utf-8", "surrogateescape")
    except Exception as exc:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
        why = f"{type(exc).__name__} in a rule of [redaction] outgoing"
        raise InternalError(FAILED, f"The request was not sent, since it could not be redacted: {why}.") from None


def _cleaned(literal: str, rules: RuleSet) -> str:
    inner = literal[1:-1]
    if "\\" not in inner:
        cleaned = rules.apply(inner)
        return literal if cleaned == inner else json_bytes(cleaned).decode()
    import json  # few daemons ever need it

    try:
        said = json.loads(literal, strict=False)
    except ValueError:  # no JSON, which somebody else will say
        return f'"{rules.apply(inner)}"'
    cleaned = rules.apply(said)
    return literal if cleaned == said else json_bytes(cleaned).decode()


def _no_rule(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(known)}"
    return f"no redaction rule has this name; {hint}"
