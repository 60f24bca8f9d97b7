"""What cattrs raises, as problems that a user understands: a code, a place, and what is wanted there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from korproxy.config.checks import Mistake
from korproxy.config.settings import CODE
from korproxy.config.shown import Step, place, scrub
from korproxy.errors.exceptions import Problem

WRONG = "KP-CONF-202"


def problems_in(exc: BaseException, data: object, root: str) -> list[Problem]:
    """Return every mistake in *exc*, none twice; *data* is the table it was raised for, *root* the place of that table."""
    found = [Problem(code=code, path=place(at, root), message=message) for code, at, message in _mistakes(exc, data)]
    return list(dict.fromkeys(found))


def _mistakes(
    exc: BaseException, data: object, at: tuple[Step, ...] = (), code: str = WRONG, parent: type | None = None
) -> Iterator[tuple[str, tuple[Step, ...], str]]:
    """Yield code, place and message of everything in *exc*; *data* is what the user wrote at that place."""
    import cattrs

    for note in getattr(exc, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            field = attrs.fields_dict(parent)[note.name] if parent else None
            code = field.metadata.get(CODE, WRONG) if field else WRONG
            step: Step = (field and field.alias) or note.name
        elif isinstance(note, cattrs.IterableValidationNote):
            step = note.index
        else:
            continue
        at, data = (*at, step), _inside(data, step)
    if isinstance(exc, BaseExceptionGroup):
        of = exc.cl if isinstance(exc, cattrs.ClassValidationError) else parent
        for each in exc.exceptions:
            yield from _mistakes(each, data, at, code, of)
    elif isinstance(exc, cattrs.ForbiddenExtraKeysError):
        for name in sorted(exc.extra_fields):
            yield WRONG, (*at, name), _unknown(name, exc.cl)
    elif isinstance(exc, cattrs.StructureHandlerNotFoundError):
        raise TypeError(
            f"{parent}: no setting can have the type {exc.type_}"
        ) from exc  # whoever wrote the class has to change it
    elif isinstance(exc, Mistake):
        yield exc.code or code, (*at, *exc.at), exc.message
    else:
        yield code, at, _words(exc, data)


def _inside(data: object, step: Step) -> object:
    if isinstance(data, Mapping):
        return data.get(step)
    return data[step] if isinstance(data, list | tuple) and isinstance(step, int) else None


def _words(exc: BaseException, data: object) -> str:
    if isinstance(exc, KeyError):
        return "is missing"
    words = str(exc.args[0]) if exc.args else type(exc).__name__
    return scrub(words, data)


def _unknown(name: str, of: type) -> str:
    from difflib import get_close_matches

    known = [each.alias for each in attrs.fields(of) if each.init]
    close = get_close_matches(name, known, n=1)
    if close:
        return f'no such setting: did you mean "{close[0]}"?'
    return f"no such setting: this table has {', '.join(known)}" if known else "no such setting: this table has none"
