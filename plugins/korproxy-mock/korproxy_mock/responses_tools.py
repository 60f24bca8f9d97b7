"""The tools that a Responses request offers, wherever it offers them, and which of them a call means. Pure."""

from collections.abc import Iterator, Sequence

import attrs

from korproxy_mock.formats import JsonObject

JOINT = "__"  # between a namespace and a name, where a dialect has no namespaces


@attrs.frozen(kw_only=True)
class Offered:
    """A function or a custom tool; ``namespace`` None: it stands by itself."""

    name: str
    namespace: str | None = None
    custom: bool = False
    schema: JsonObject = attrs.field(factory=dict)

    @property
    def full_name(self) -> str:
        """The name with its namespace in front."""
        return self.name if self.namespace is None else f"{self.namespace}{JOINT}{self.name}"


def offered(body: JsonObject, items: Sequence[JsonObject]) -> tuple[Offered, ...]:
    """Return the tools of ``tools`` and of ``additional_tools`` items, in their order; hosted ones are left out."""
    listed = [body.get("tools"), *(item.get("tools") for item in items if item.get("type") == "additional_tools")]
    return tuple(each for tools in listed if isinstance(tools, list) for tool in tools for each in _callable(tool, None))


def meant(name: str, tools: Sequence[Offered]) -> Offered:
    """Return the tool that a call of *name* means; a function of that name where none is offered.

    A tool by itself goes before one in a namespace; that may be named with its namespace or without.
    """
    by_itself = (each for each in tools if each.namespace is None and each.name == name)
    inside = (each for each in tools if each.namespace is not None and name in {each.full_name, each.name})
    return next(by_itself, None) or next(inside, None) or Offered(name=name)


def _callable(tool: object, namespace: str | None) -> Iterator[Offered]:
    if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
        return
    name, kind = tool["name"], tool.get("type")
    if kind == "namespace" and namespace is None:
        inside = tool.get("tools")
        for each in inside if isinstance(inside, list) else []:
            yield from _callable(each, name)
    elif kind in ("function", "custom"):
        schema = tool.get("parameters")
        yield Offered(
            name=name, namespace=namespace, custom=kind == "custom", schema=schema if isinstance(schema, dict) else {}
        )
