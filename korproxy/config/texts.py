"""Checks of single strings: what may be the name of something, what an address. Each returns, or raises ``Mistake``."""

from __future__ import annotations

import re

from korproxy.config.checks import Mistake

LOG_LEVELS = ("debug", "info", "warning", "error")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._~%-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LOGGER = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")


def provider_id(name: str) -> None:
    """Want an id that can stand in a model name, a header and a metric."""
    if not _ID.fullmatch(name):
        raise Mistake("a provider's id has 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit")


def not_empty(name: str) -> None:
    """Want something in a string, and no control characters."""
    if not name.strip() or not name.isprintable():
        raise Mistake("must be a non-empty string without line breaks")


def alias(name: str) -> None:
    """Want a model name that a request can have, or a pattern of such names."""
    not_empty(name)
    if name != name.strip():
        raise Mistake("an alias is a model name without spaces around it")


def model_name(name: str) -> None:
    """Want what one alias can stand for: a model, or ``provider/model``."""
    not_empty(name)
    if name != name.strip() or "*" in name or name.startswith("/") or name.endswith("/"):
        raise Mistake('must be one model, as "provider/model" or "model": no pattern, no spaces around it, no slash at an end')


def account_name(name: str) -> None:
    """Want a name that can be sent in an HTTP header."""
    if not name.strip() or name != name.strip() or len(name) > 64 or not (name.isascii() and name.isprintable()):
        raise Mistake("an account's name is 1 to 64 printable ASCII characters: it is shown in an HTTP header")


def log_level(name: str) -> None:
    """Want one of the four levels."""
    if name not in LOG_LEVELS:
        raise Mistake(f"must be one of {', '.join(LOG_LEVELS)}")


def log_name(name: str) -> None:
    """Want the name of a part of KorProxy: ``gateway``, ``gateway.relay``."""
    if not _LOGGER.fullmatch(name):
        raise Mistake("must be the name of a part of KorProxy, such as gateway or gateway.relay")


def address(name: str) -> None:
    """Want an IP address or a host name, bare: no scheme, port or brackets."""
    import ipaddress

    try:
        ipaddress.ip_address(name)
    except ValueError:
        looks_numeric = name.rstrip(".").rpartition(".")[2].isdigit()  # 127.0.0.1.1 or 8080: meant as something else
        if looks_numeric or len(name) > 253 or not _HOST.fullmatch(name):
            raise Mistake(
                'must be an IP address or a host name, without scheme, port or brackets: "127.0.0.1", "::1"'
            ) from None


def origin(name: str) -> None:
    """Want a web origin exactly as browsers send it."""
    if not _ORIGIN.fullmatch(name):
        raise Mistake('must be one origin as browsers send it, in lower case and without a path: "https://tools.example"')


def base_url(url: str) -> None:
    """Want an http(s) address that paths can be appended to, and that holds no credential."""
    from urllib.parse import urlsplit

    if not url.isprintable() or any(each in url for each in ' \\<>"{}|^`'):
        raise Mistake("must be an address without spaces, quotes, backslashes or control characters")
    try:
        parts = urlsplit(url)
        hostname, port = parts.hostname, parts.port
    except ValueError:
        raise Mistake("is not an address: its host or port cannot be read") from None
    if parts.scheme not in ("http", "https"):
        raise Mistake('must start with "http://" or "https://"')
    if "@" in parts.netloc:
        raise Mistake("must not hold a user name or password: a key belongs in an account, by reference")
    if not hostname or port == 0:
        raise Mistake("names no host that can be reached")
    if "?" in url or "#" in url:
        raise Mistake("must end with its path: no ? and no #, since paths are appended to it")


def label(name: str) -> None:
    """Want a name for a profile, group or rule: it is sent in headers and typed on command lines."""
    if name != name.strip() or not 1 <= len(name) <= 64 or not (name.isascii() and name.isprintable()):
        raise Mistake("a name is 1 to 64 printable ASCII characters, without spaces around it")


def pattern(name: str) -> None:
    """Want a pattern: ``*`` stands for anything, every other character for itself."""
    not_empty(name)
    if name != name.strip():
        raise Mistake('must be a pattern such as "claude-*", without spaces around it')


def header_name(name: str) -> None:
    """Want the name of a header in lower case, as rules compare it."""
    if not _HEADER.fullmatch(name):
        raise Mistake("must be the name of a header, in lower case")


def hours(span: str) -> None:
    """Want ``HH:MM-HH:MM``; 24:00 may be its end. An end before the beginning is on the next day."""
    begin, _, end = span.partition("-")
    if not _TIME.fullmatch(begin) or not (_TIME.fullmatch(end) or end == "24:00"):
        raise Mistake('must be a time of day as "HH:MM-HH:MM", such as "09:00-17:30"')
    if begin == end:
        raise Mistake("has the same start and end: leave it out if any time will do")


def account_of_provider(name: str) -> None:
    """Want ``provider/account``."""
    provider, slash, account = name.partition("/")
    if not slash:
        raise Mistake('must be "provider/account"')
    provider_id(provider)
    account_name(account)


def error_code(code: str) -> None:
    """Want a KP code: one that is registered, or one of the numbers that belong to plugins."""
    from korproxy.errors.catalogue import BUILTIN_CODES
    from korproxy.errors.codes import CODE, PLUGIN_SHARE, RANGES

    found = CODE.match(code)
    if found and found[1] in RANGES and int(found[2]) in RANGES[found[1]][-PLUGIN_SHARE:]:
        return
    if code not in {each.code for each in BUILTIN_CODES}:
        raise Mistake("must be one of the codes that `korproxy errors` lists, such as KP-RATE-403")
