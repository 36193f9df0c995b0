"""Rows made by chance: sound and unsound, in every way of writing JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

FILES = ("a.jpg", "b.jpg", "é.jpg", "a.json", "b.json")
TAGS = ("<image>", "<graph>", "<ima<graph>ge>", "<gra<image>ph>")
PIECES = (
    "a bakery on the left",
    " ",
    "\n",
    "\t",
    "é",
    "“x”",
    "街道。",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u200b",
    "\x1f",
    "😀",
)
PIECES += ("\\", '"', "/", "<", "<img>", "x" * 20, "", "\x7f", "\u0085", "\ufeff", "\u1680", "\u180e", "\U0010ffff")
NUMBERS = ("0", "-0.0", "1e2", "103.8501235", "103.85012345678901", "-179.99999999999997", "180.0", "180.0000000000001")
NUMBERS += (
    "89.99999999999999",
    "90",
    "90.00000000000001",
    "0.0000005",
    "1.0000025",
    "45.12345650000000001",
    "1.",
    "01",
)
NUMBERS += (
    "1234567890123456789",
    ".5",
    "1e400",
    "9007199254740993",
    "5e-324",
    "360.0",
    "359.99999999999994",
    "-",
    "360.1",
)
BYTES = (
    b'"',
    b"\\",
    b"{",
    b"}",
    b",",
    b" ",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xe2\x80",
    b"null",
    b"<image>",
    b"0",
    b"-",
    b"]",
)


class Writer:
    """Rows as lines of bytes; ``is_wild`` ones are rarely sound."""

    def __init__(self, random: Random, *, is_wild: bool) -> None:
        self.random = random
        self.is_wild = is_wild

    def line(self) -> bytes:
        row = self.object(self.fields()) + self.random.choice(("", "", " ", "\r"))
        return self._broken(row.encode()) if self.random.random() < 0.3 else row.encode()

    def fields(self) -> list[tuple[str, str]]:
        """A training row."""
        images, graphs = self.random.choice((0, 1, 1, 1, 2, 3)), self.random.choice((0, 0, 1, 1, 2))
        found = [
            *self.shared(images, graphs),
            ("positive_messages", self.groups(self.random.choice((1, 1, 1, 2, 3)))),
            *self._maybe(0.2, "negative_messages", lambda: self.random.choice(("null", "[]", self.groups(2)))),
            *self._maybe(0.5, "label", lambda: self.random.choice(("1", "1", "0.5", self.number()))),
            *self._maybe(0.02, "positive_images", lambda: "null"),
        ]
        stage = "stage2_x" if graphs else "stage1_x"
        found += self._maybe(
            0.5, "pair_type", lambda: self.random.choice(("null", '"x"', f'"{stage}"', '"stage1"', "3"))
        )
        return self.more(found, ("id", "group"), ("summarization", "mapillary_node", "city", "ünknown", "candidates"))

    def shared(self, images: int, graphs: int) -> list[tuple[str, str]]:
        """What rows of all kinds have."""
        found = [
            ("messages", self.turns([self.query(images, graphs), *self._some(self.text, 0.1)])),
            *self.files("images", FILES[:3], images),
            *self.files("graphs", FILES[3:], graphs),
            *self._maybe(0.5, "place", self.place),
        ]
        for name in ("image_coords", "coordinates", "image_coordinates"):
            found += self._maybe(0.1, name, self.pair)
        return found

    def more(self, found: list[tuple[str, str]], texts: Sequence[str], others: Sequence[str]) -> list[tuple[str, str]]:
        """The row with texts that may be numbers, fields that are not used, and rarely one of its fields twice."""
        for name in texts:
            rare = ("-3", "12345678901234567890", "1.5", "true", "01", "-0", "[]")
            values = ("null", '""', "5", "0", self.random.choice(rare), *[self.string(self.text()) for _ in range(4)])
            found += self._maybe(0.4, name, lambda values=values: self.random.choice(values))  # type: ignore[misc]
        for name in others:
            values = ("null", "true", "false", "3", self.number(), *[self.string(self.text()) for _ in range(4)])
            values += (self.random.choice(("[1]", "{}", "[")),)
            found += self._maybe(0.1, name, lambda values=values: self.random.choice(values))  # type: ignore[misc]
        return found + ([self.random.choice(found)] if self.random.random() < 0.02 else [])

    def query(self, images: int, graphs: int) -> str:
        tags = ["<image>"] * images + ["<graph>"] * graphs
        self.random.shuffle(tags)
        between = ("", "", " ", "\n", self.text())
        return "".join(tag + self.random.choice(between) for tag in tags) + self.random.choice(
            ("Where?", "", self.text())
        )

    def text(self) -> str:
        pieces = (*PIECES, *TAGS) if self.is_wild else PIECES
        return "".join(self.random.choices(pieces, k=self.random.randrange(1, 5))) + "x" * self.random.randrange(20)

    def groups(self, count: int) -> str:
        return self.array([self.turns([self.text(), *self._some(self.text, 0.2)]) for _ in range(count)])

    def turns(self, texts: Sequence[str]) -> str:
        role = '"user"' if self.random.random() < 0.99 else '"assistant"'
        return self.array([self.object([("role", role), ("content", self.string(text))]) for text in texts])

    def files(self, field: str, names: Sequence[str], count: int) -> list[tuple[str, str]]:
        chosen = [self.random.choice(("", "./")) + self.random.choice(names) for _ in range(count)]
        if chosen and self.random.random() < 0.02:
            chosen[0] = "missing.jpg"
        values = [self.string(name) for name in chosen]
        if len(values) < 2 and self.random.random() < 0.3:
            return [(field, *(values or ["null"]))]
        return [(field, self.array(values))] if values or self.random.random() < 0.5 else []

    def place(self) -> str:
        heading = self._maybe(0.3, "heading_deg", lambda: self.random.choice(("null", "90", self.number())))
        return self.object([("lon", self.number()), ("lat", self.number()), *heading])

    def pair(self) -> str:
        lon, lat = self.number(), self.number()
        return self.random.choice(
            ("null", f"[{lon}, {lat}]", f'"({lon}, {lat})"', f'"{lon},{lat}"', f'"({lon},{lat}"', '"x"')
        )

    def number(self) -> str:
        if self.is_wild and self.random.random() < 0.4:
            return self.random.choice(NUMBERS)
        value = self.random.uniform(-91, 91)
        return self.random.choice(
            (repr(round(value, self.random.randrange(18))), f"{value:.{self.random.randrange(1, 19)}f}")
        )

    def string(self, text: str) -> str:
        if self.random.random() < 0.6:
            return json.dumps(text, ensure_ascii=self.random.random() < 0.5)
        return '"' + "".join(self._character(character) for character in text) + '"'

    def array(self, values: Sequence[str]) -> str:
        return f"[{self._gap()}{f'{self._gap()},{self._gap()}'.join(values)}{self._gap()}]"

    def object(self, fields: list[tuple[str, str]]) -> str:
        if self.random.random() < 0.5:
            self.random.shuffle(fields)
        keys = [self.string(key) if self.random.random() < 0.02 else f'"{key}"' for key, _ in fields]
        pairs = [f"{key}:{self._gap()}{value}" for key, (_, value) in zip(keys, fields, strict=True)]
        return f"{{{self._gap()}{f'{self._gap()},{self._gap()}'.join(pairs)}{self._gap()}}}"

    def _character(self, character: str) -> str:
        if ord(character) < 0x10000 and self.random.random() < 0.3:
            return f"\\u{ord(character):04{self.random.choice('xX')}}"
        return json.dumps(character, ensure_ascii=self.random.random() < 0.5)[1:-1]

    def _gap(self) -> str:
        return self.random.choice(("", "", " ", " ", " ", "\t", "  ", " \r"))

    def _some(self, make: Callable[[], str], odds: float) -> list[str]:
        return [make()] if self.random.random() < odds else []

    def _maybe(self, odds: float, name: str, make: Callable[[], str]) -> list[tuple[str, str]]:
        return [(name, make())] if self.random.random() < odds else []

    def _broken(self, line: bytes) -> bytes:
        """A line with a byte or two changed, gone or too many."""
        data = bytearray(line)
        for _ in range(self.random.randrange(1, 3)):
            at, choice = self.random.randrange(len(data)), self.random.randrange(4)
            if choice == 0:
                data[at] = self.random.randrange(256)
            elif choice == 1:
                del data[at : at + self.random.randrange(1, 4)]
            elif choice == 2:
                data[at:at] = self.random.choice(BYTES)
            else:
                data[at] ^= 1 << self.random.randrange(8)
        return bytes(data).replace(b"\n", b" ") or b"{}"
