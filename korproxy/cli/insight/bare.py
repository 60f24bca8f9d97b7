"""KorProxy without any redaction. Only the self-test starts it, to see that what would get out is found."""

from __future__ import annotations

from korproxy.cli.main import main
from korproxy.gateway.redact import Redactor
from korproxy.plugins import early_rules


def _as_it_is(_: Redactor, text: str) -> str:
    return text


def _not_replaced(text: str, rule: object) -> str:
    del rule
    return text


def _always(_: Redactor, text: str) -> bool:
    del text
    return True


if __name__ == "__main__":
    setattr(Redactor, "redact", _as_it_is)  # noqa: B010 -- a class of ours is changed on purpose
    setattr(Redactor, "harmless", _always)  # noqa: B010
    setattr(early_rules, "replaced", _not_replaced)  # noqa: B010
    main()
