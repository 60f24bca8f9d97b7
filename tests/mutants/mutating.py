"""Small faults, planted in a module's syntax tree: what a tired person might write. Pure.

A place is one node and what would be done to it. Docstrings, annotations, reasons in reports and texts of errors are left out:
nothing hangs on them but what people read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import TypeAlias

import attrs

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd}
_REPORTING = frozenset({"lost", "mapped"})
_WRONG = "mutated"


Place: TypeAlias = tuple[int, int]  # the number of the node, and which of its faults


@attrs.frozen(kw_only=True)
class Mutant:
    """A module with one fault in it.

    Attributes:
        line: Where the fault is.
        was, now: The code there, without and with it.
    """

    line: int
    was: str
    now: str
    source: str = attrs.field(repr=False)

    @property
    def name(self) -> str:
        """What it is, in one line."""
        return f"line {self.line}: {_short(self.was)} -> {_short(self.now)}"


def places(source: str) -> list[Place]:
    """Return where faults can be planted in the module *source*, in a fixed order."""
    nodes = _nodes(ast.parse(source))
    return [(number, which) for number, node in enumerate(nodes) for which, _ in enumerate(_faults(node))]


def mutant(source: str, place: Place) -> Mutant:
    """Return *source* with the fault that *place* means."""
    tree = ast.parse(source)
    number, which = place
    node = _nodes(tree)[number]
    was, line = ast.unparse(node), getattr(node, "lineno", 0)
    now = list(_faults(node))[which]
    shown = ast.unparse(ast.fix_missing_locations(now))
    _put(tree, node, now)
    return Mutant(line=line, was=was, now=shown, source=ast.unparse(ast.fix_missing_locations(tree)))


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """Return all nodes in which a fault would show, in a fixed order."""
    found: list[ast.AST] = []
    _walk(tree, found)
    return found


def _walk(node: ast.AST, found: list[ast.AST]) -> None:
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Raise() | ast.ImportFrom() | ast.Import():
            return
        case ast.AnnAssign(value=None):
            return
        case ast.AnnAssign(value=ast.expr() as value):
            _walk(value, found)
            return
        case ast.FunctionDef():
            for each in (
                *node.args.defaults,
                *(default for default in node.args.kw_defaults if default is not None),
                *node.body,
            ):
                _walk(each, found)
            return
        case ast.Call(func=ast.Attribute(attr=name)) if name in _REPORTING:
            for each in node.args[:1]:
                _walk(each, found)
            return
    found.append(node)
    for child in ast.iter_child_nodes(node):
        _walk(child, found)


def _faults(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            changed = deepcopy(node)
            changed.ops = [_COMPARE[type(op)]()]
            yield changed
        case ast.BoolOp():
            changed_op = deepcopy(node)
            changed_op.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield changed_op
        case ast.UnaryOp(op=ast.Not()):
            yield deepcopy(node.operand)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            changed_sum = deepcopy(node)
            changed_sum.op = _ARITHMETIC[type(node.op)]()
            yield changed_sum
        case ast.IfExp():
            changed_if = deepcopy(node)
            changed_if.body, changed_if.orelse = changed_if.orelse, changed_if.body
            yield changed_if
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value):
            yield ast.Constant(value + _WRONG if value else _WRONG)
        case ast.Constant(value=bytes() as value):
            yield ast.Constant(value + _WRONG.encode() if value else _WRONG.encode())
        case ast.Return(value=ast.expr()):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue():
            yield ast.Pass()


def _put(tree: ast.Module, place: ast.AST, now: ast.AST) -> None:
    class Putting(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return now if node is place else super().generic_visit(node)

    Putting().visit(tree)


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 70 else line[:67] + "..."
