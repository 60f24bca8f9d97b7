"""Which format is spoken at which path, and in which format whoever asks reads lists and errors. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import BadRequest
from korproxy.models.calls import Headers
from korproxy.server.kept import Question, kept_question
from korproxy.server.paths import MODEL_LISTS, fits, methods_at, model_question, wrong_path

_GOOGLES = ("/v1beta/", "/upload/v1beta/")
DEFAULT_DIALECT = "openai-chat"  # whose model list a caller gets that says nothing about itself


@attrs.frozen
class Routes:
    """The paths of *dialects*, put in order once: every request asks.

    Attributes:
        calls: All of their paths.
    """

    dialects: Mapping[str, Dialect]
    calls: Sequence[str] = attrs.field(init=False, repr=False)
    _exact: Mapping[str, Dialect] = attrs.field(init=False, repr=False)
    _patterns: Sequence[tuple[str, Dialect]] = attrs.field(init=False, repr=False)

    @calls.default
    def _all_paths(self) -> Sequence[str]:
        return [path for each in self.dialects.values() for path in each.paths]

    @_exact.default
    def _first_at_each(self) -> Mapping[str, Dialect]:
        return {path: each for each in reversed(list(self.dialects.values())) for path in each.paths}

    @_patterns.default
    def _with_models(self) -> Sequence[tuple[str, Dialect]]:
        return [(path, each) for each in self.dialects.values() for path in each.paths if "{" in path]

    def dialect(self, path: str) -> Dialect | None:
        """Return the format whose requests go to *path*, if one's do."""
        found = self._exact.get(path)
        return found or next((each for pattern, each in self._patterns if fits(path, pattern)), None)

    def kept(self, path: str) -> Question | None:
        """Return what *path* asks of an earlier answer, if it is about one."""
        return kept_question(path, self.dialects) if self.dialect(path) is None else None

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that *path* takes outside the management API, none where nothing is."""
        kept = self.kept(path)
        return methods_at(path, self.calls) if kept is None else kept.methods

    def wrong(self, path: str, method: str) -> BadRequest:
        """Return the error for a *method* that *path* does not take."""
        methods = self.methods(path)
        if not methods or (method == "POST" and ":" in path):  # a deed that is done nowhere here
            return wrong_path(path, self.calls)
        return BadRequest("KP-SYS-507", f"{path} takes {' and '.join(methods)}, not {method[:20]}.")

    def of_errors(self, path: str, query: bytes, headers: Headers) -> Dialect | None:
        """Return the format in which whoever asks reads errors: also of lists of models, and below the paths of calls.

        Claude Code asks whether ``/v1/messages/count_tokens`` is there, and understands a 404 in its own format. Where only
        Google's clients come, they ask for its files and caches, too.
        """
        dialect, question = self.dialect(path), model_question(path)
        if dialect is None and question is not None:
            return self.lister(question[0], query, headers)
        if dialect is None and path.startswith(_GOOGLES):
            return self.lister(MODEL_LISTS[1], query, headers)
        above = (each for each in self.dialects.values() if path.startswith(tuple(f"{known}/" for known in each.paths)))
        return dialect or next(above, None)

    def lister(self, models: str, query: bytes, headers: Headers) -> Dialect | None:
        """Return the format in which whoever asks for *models* wants its answer; None where no format has such a list."""
        claims = [each for each in self.dialects.values() if each.lists_models(models, query, headers)]
        claims.sort(key=lambda each: each.name == DEFAULT_DIALECT)  # it claims every caller, so it comes last
        return claims[0] if claims else None
