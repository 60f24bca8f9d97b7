"""What the text for a freeform tool has to look like: a grammar here, a text for the model elsewhere."""

from __future__ import annotations

from typing import Any

SYNTAXES = ("lark", "regex")


def grammar_text(syntax: str | None, definition: str) -> str:
    """Return a grammar as a text for the model, with the language that it is written in."""
    return f"{syntax} grammar:\n{definition}" if syntax else definition


def grammar_format(grammar: str) -> dict[str, Any] | None:
    """Return the member ``format`` that says *grammar*, as ``grammar_text`` made it; None where OpenAI cannot read it."""
    head, _, definition = grammar.partition(" grammar:\n")
    if head not in SYNTAXES or not definition:
        return None
    return {"type": "grammar", "syntax": head, "definition": definition}
