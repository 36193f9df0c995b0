"""A small reader of JSON schemas: whether a value fits, and values that may. Keywords that ours does not use fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

SAID_FOR_PEOPLE = {"description", "title", "$comment", "$schema", "$defs"}
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
LETTERS = st.text("ab ,()\n", max_size=4)
TEXTS = (
    st.sampled_from(["<image>", "<graph>", "<graph><image> x", "a.jpg", "b.jpg", "g.json", "Oak St", "", " "]) | LETTERS
)
OTHER = st.none() | st.booleans() | st.integers(-2, 200) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS


class Schema:
    """One schema document, read keyword by keyword."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def at(self, kind: str) -> Mapping[str, Any]:
        """The definition called ``kind``."""
        return self.document["$defs"][kind]

    def _target(self, reference: str) -> Mapping[str, Any]:
        assert reference.startswith("#/$defs/")
        return self.at(reference.removeprefix("#/$defs/"))

    def fits(self, value: Any, schema: Any) -> bool:
        """Whether a value fits a schema (which may be true or false)."""
        if isinstance(schema, bool):
            return schema
        return all(self._keyword(value, word, schema) for word in schema if word not in SAID_FOR_PEOPLE)

    def _keyword(self, value: Any, word: str, schema: Mapping[str, Any]) -> bool:
        told = schema[word]
        if word == "$ref":
            return self.fits(value, self._target(told))
        if word == "anyOf":
            return any(self.fits(value, part) for part in told)
        if word == "not":
            return not self.fits(value, told)
        if word == "const":
            return type(value) is not bool and value == told
        if word == "type":
            names = [told] if isinstance(told, str) else told
            return not isinstance(value, bool) and any(isinstance(value, TYPES[name]) for name in names)
        if isinstance(value, dict):
            return self._of_object(value, word, schema)
        if isinstance(value, list):
            return self._of_list(value, word, schema)
        return _of_leaf(value, word, told)

    def _of_object(self, value: dict[str, Any], word: str, schema: Mapping[str, Any]) -> bool:
        if word == "properties":
            return all(self.fits(value[key], part) for key, part in schema[word].items() if key in value)
        if word == "required":
            return set(schema[word]) <= value.keys()
        if word == "additionalProperties":
            assert schema[word] is False
            return value.keys() <= schema["properties"].keys()
        raise AssertionError(f"{word!r} is not read for objects")

    def _of_list(self, value: list[Any], word: str, schema: Mapping[str, Any]) -> bool:
        first = schema.get("prefixItems", [])
        if word == "items":
            return all(self.fits(entry, schema[word]) for entry in value[len(first) :])
        if word == "prefixItems":
            return all(self.fits(entry, part) for entry, part in zip(value, first, strict=False))
        if word in ("minItems", "maxItems"):
            return len(value) >= schema[word] if word == "minItems" else len(value) <= schema[word]
        if word == "uniqueItems":
            return len(value) == len({repr(entry) for entry in value})
        return word in ("minimum", "maximum", "pattern") or _unread(word)

    def values(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        """Values that may fit; the caller keeps those that do (`fits`)."""
        if "$ref" in schema:
            return st.deferred(lambda: self.values(self._target(schema["$ref"])))
        if "const" in schema:
            return st.just(schema["const"])
        if "type" not in schema:
            parts = [part for part in schema.get("anyOf", []) if "type" in part or "$ref" in part or "anyOf" in part]
            return st.one_of([self.values(part) for part in parts]) if parts else OTHER
        branches = [part for part in schema.get("anyOf", []) if {"required", "properties"} <= part.keys()]
        if branches:
            plain = {key: told for key, told in schema.items() if key != "anyOf"}
            return st.one_of([self.values(form) for form in (plain, *[_merged(schema, part) for part in branches])])
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        return st.one_of([self._typed(name, schema) for name in names])

    def _typed(self, name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        if name == "object":
            known = {key: self.values(part) for key, part in schema["properties"].items()}
            needed = {key: known.pop(key) for key in schema.get("required", [])}
            return st.fixed_dictionaries(needed, optional=known)
        if name == "array" and "prefixItems" in schema:
            return st.tuples(*[self.values(part) for part in schema["prefixItems"]]).map(list)
        if name == "array":
            least = schema.get("minItems", 0)
            of = self.values(schema["items"]) if "items" in schema else OTHER
            most = schema.get("maxItems", least + 1)
            return st.lists(of, min_size=least, max_size=most, unique_by=repr if "uniqueItems" in schema else None)
        if name == "string" and "pattern" in schema:
            fitting = TEXTS.filter(lambda text: re.search(schema["pattern"], text))
            return fitting | st.from_regex(schema["pattern"], alphabet=st.characters(codec="ascii"))
        if name == "string":
            return TEXTS
        if name == "null":
            return st.none()
        low, high = schema.get("minimum", -(10**6)), schema.get("maximum", 10**6)
        whole = st.integers(int(low), int(high))
        return whole if name == "integer" else whole | st.floats(low, high)


def _merged(schema: Mapping[str, Any], branch: Mapping[str, Any]) -> dict[str, Any]:
    """An object that wants what one branch of its ``anyOf`` wants, too."""
    rest = {key: told for key, told in schema.items() if key != "anyOf"}
    properties = {**schema["properties"], **branch["properties"]}
    return {**rest, "properties": properties, "required": [*schema["required"], *branch["required"]]}


def _of_leaf(value: Any, word: str, told: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if word == "minimum":
        return not is_number or value >= told
    if word == "maximum":
        return not is_number or value <= told
    if word == "pattern":
        return not isinstance(value, str) or re.search(told, value) is not None
    known = (
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "uniqueItems",
    )
    return word in known or _unread(word)


def _unread(word: str) -> bool:
    raise AssertionError(f"the keyword {word!r} is not read here")


def parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """A schema and every schema inside it."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from parts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from parts(inner)
