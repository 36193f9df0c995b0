"""Every stable code that the program can refuse with, read off its source.

A code is an argument called ``code`` of anything that takes one together with a hint: an error, a ``Problem``, a helper
that makes either. What is handed through (a parameter, another error's ``.code``) was given somewhere else; what is put
together is in `PUT_TOGETHER`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "ugembed"
PUT_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "f'{kind}-missing'": ("image-missing", "graph-missing"),
    "answer['code']": (),  # given in the process that reads pickles, and handed on
}
"""Source of a code that is no literal to the codes it can be; whatever else is no literal is an error here."""
_MESSAGES = ("message", "what")
_GAP = "…"


@dataclass(frozen=True, slots=True)
class Said:
    """One place that refuses: what it says (``…`` for what differs), what to do, and whether work goes on."""

    code: str
    module: str
    error: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Taker:
    """Something that takes a code: where its arguments stand, and the kind of error it makes."""

    parameters: tuple[str, ...]
    makes: str


def all_codes(package: Path = PACKAGE) -> list[Said]:
    """Every place in the package that gives a code, by module and line.

    Raises:
        ValueError: for a code that is neither a literal, nor handed through, nor in `PUT_TOGETHER`.
    """
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))}
    shared = {name: taker for tree in trees.values() for name, taker in _takers(tree) if not name.startswith("_")}
    found: list[Said] = []
    for path, tree in trees.items():
        module = path.relative_to(package.parent).as_posix()
        found += _Module(tree, module, {**shared, **dict(_takers(tree))}).said()
    return found


def _takers(tree: ast.Module) -> Iterator[tuple[str, _Taker]]:
    """Functions and classes with a parameter or field called ``code``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            names = _parameters(node)
            if {"code", "hint"} <= set(names):
                yield node.name, _Taker(names, ast.unparse(node.returns) if node.returns else "None")
        elif isinstance(node, ast.ClassDef):
            fields = [
                part.target.id
                for part in node.body
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
            ]
            inits = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
            names = _parameters(inits[0]) if inits else tuple(fields)
            bases = {ast.unparse(base) for base in node.bases}
            if {"code", "hint"} <= set(names):
                yield node.name, _Taker(names, node.name)
            elif any(base.endswith("Error") for base in bases) and not inits:
                yield node.name, _Taker(("message", "code", "hint"), node.name)


def _parameters(function: ast.FunctionDef) -> tuple[str, ...]:
    arguments = function.args
    return tuple(
        word.arg for word in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if word.arg != "self"
    )


class _Module:
    """The calls of one module that give a code."""

    def __init__(self, tree: ast.Module, name: str, takers: Mapping[str, _Taker]) -> None:
        self.tree = tree
        self.name = name
        self.takers = takers
        self.constants = _values(tree.body)

    def said(self) -> Iterator[Said]:
        for owner, call in _calls(self.tree, None):
            taker = self.takers.get(_name(call.func))
            given = _given(call, taker) if taker else {word.arg: word.value for word in call.keywords if word.arg}
            if "code" not in given or not (taker or _is_code(given["code"])):
                continue
            message = next((given[word] for word in _MESSAGES if word in given), None)
            kind = self._kind(call, taker, given)
            for code in self._codes(given["code"], owner, call):
                for known in self._circumstances(owner):
                    yield Said(code, self.name, kind, _text(message, known), _text(given.get("hint"), known))

    def _circumstances(self, owner: ast.FunctionDef | None) -> list[Mapping[str, ast.expr]]:
        """What names stand for where a function refuses: one mapping for every text it is handed in this module."""
        local = {**self.constants, **_assigned(owner)}
        if owner is None or not {*_MESSAGES} & {*_parameters(owner)}:
            return [local]
        calls = [call for _, call in _calls(self.tree, None) if _name(call.func) == owner.name]
        handed = [dict(zip(_parameters(owner), call.args, strict=False)) for call in calls]
        return [{**local, **{word: texts[word] for word in _MESSAGES if word in texts}} for texts in handed] or [local]

    def _kind(self, call: ast.Call, taker: _Taker | None, given: Mapping[str, ast.expr]) -> str:
        severity = given.get("severity")
        is_warning = "warn" in _name(call.func) or (severity is not None and "warning" in ast.unparse(severity))
        return "warning" if is_warning else taker.makes if taker else _name(call.func)

    def _codes(self, value: ast.expr, owner: ast.FunctionDef | None, call: ast.Call) -> tuple[str, ...]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return (value.value,)
        if isinstance(value, ast.IfExp):
            return self._codes(value.body, owner, call) + self._codes(value.orelse, owner, call)
        if isinstance(value, ast.Attribute) and value.attr == "code":
            return ()
        if isinstance(value, ast.Name) and owner is not None and value.id in _parameters(owner):
            return ()
        if isinstance(value, ast.Name) and (assigned := _assigned(owner).get(value.id)) is not None:
            return self._codes(assigned, owner, call)
        source = ast.unparse(value)
        if source not in PUT_TOGETHER:
            raise ValueError(f"{self.name}:{call.lineno}: {source} is no literal; add what it can be to PUT_TOGETHER")
        return PUT_TOGETHER[source]


def _calls(node: ast.AST, owner: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    """Every call with the function around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield owner, child
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else owner)


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _given(call: ast.Call, taker: _Taker) -> dict[str, ast.expr]:
    positional = dict(zip(taker.parameters, call.args, strict=False))
    return {**positional, **{word.arg: word.value for word in call.keywords if word.arg}}


def _is_code(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant | ast.JoinedStr | ast.IfExp)


def _assigned(owner: ast.FunctionDef | None) -> dict[str, ast.expr]:
    """Local names of a function, and what they were last given."""
    return _values(ast.walk(owner)) if owner else {}


def _values(lines: Iterable[ast.AST]) -> dict[str, ast.expr]:
    given = [line for line in lines if isinstance(line, ast.Assign)]
    return {line.targets[0].id: line.value for line in given if isinstance(line.targets[0], ast.Name)}


def _text(value: ast.expr | None, known: Mapping[str, ast.expr]) -> str:
    """A string as it will read, with ``…`` for what is filled in."""
    if value is None:
        return ""
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.JoinedStr):
        return "".join(_text(part, known) for part in value.values)
    if isinstance(value, ast.FormattedValue):
        return _text(value.value, known)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _text(value.left, known) + _text(value.right, known)
    if isinstance(value, ast.IfExp):
        return f"{_text(value.body, known)} / {_text(value.orelse, known)}"
    if isinstance(value, ast.Name) and value.id in known:
        return _text(known[value.id], {})
    return _GAP
