"""Ways into links: cut where streets part, joined where only the drawing does."""

from __future__ import annotations

import numpy as np
import pytest

from ugembed.graphs.maps.city_map import Link, Way
from ugembed.graphs.maps.osm.split import split_at_crossings


def way(number: int, nodes: str, name: str = "", highway: str = "residential") -> Way:
    """A way through one-letter nodes; the letter is also the place: a = (0, 0), b = (1, 0), …"""
    points = np.array([(ord(node) - ord("a"), 0.0) for node in nodes])
    return Way(number, name, highway, tuple(ord(node) for node in nodes), points)


def letters(link: Link) -> str:
    return "".join(chr(int(x) + ord("a")) for x in link.points[:, 0])


@pytest.mark.parametrize(
    ("ways", "links"),
    [
        ([way(1, "abc")], ["abc"]),
        ([way(1, "abc", "A"), way(2, "dbe", "B")], ["ab", "bc", "db", "be"]),
        ([way(1, "ab", "A"), way(2, "bc", "A")], ["abc"]),
        ([way(1, "ab", "A"), way(2, "cb", "A")], ["abc"]),
        ([way(1, "ba", "A"), way(2, "bc", "A"), way(3, "cd", "A")], ["abcd"]),
        ([way(1, "ab", "A"), way(2, "bc", "B")], ["ab", "bc"]),
        ([way(1, "ab", "A"), way(2, "bc", "")], ["ab", "bc"]),
        ([way(1, "ab", highway="steps"), way(2, "bc", highway="steps")], ["abc"]),
        ([way(1, "ab", highway="steps"), way(2, "bc", highway="path")], ["ab", "bc"]),
        ([way(1, "abc", "A"), way(2, "bd", "A")], ["ab", "bc", "bd"]),
        ([way(1, "abca", "Ring")], ["abca"]),
        ([way(1, "ab", "Ring"), way(2, "bca", "Ring")], ["abca"]),
        ([way(1, "abca", "Ring"), way(2, "ad", "Stem")], ["abca", "ad"]),
        ([way(1, "abcbd", "Eight")], ["ab", "bcb", "bd"]),
        ([way(1, "abcd", "Over"), way(2, "ef", "Under")], ["abcd", "ef"]),
        ([], []),
    ],
)
def test_links_end_where_streets_part(ways: list[Way], links: list[str]) -> None:
    assert sorted(map(letters, split_at_crossings(ways))) == sorted(links)


def test_a_joined_link_is_named_after_its_first_way() -> None:
    (link,) = split_at_crossings([way(3, "ab", "A"), way(7, "bc", "A")])
    assert (link.id, link.start, link.end) == ("way/3", str(ord("a")), str(ord("c")))


def test_no_piece_of_street_is_lost_or_doubled() -> None:
    rng = np.random.default_rng(0)
    ways = [
        way(i, "".join(chr(97 + node) for node in rng.choice(26, size=rng.integers(2, 7), replace=False)), "AB"[i % 2])
        for i in range(40)
    ]
    pieces = sorted(tuple(sorted(pair)) for w in ways for pair in zip(w.nodes, w.nodes[1:], strict=False))
    found = sorted(
        tuple(sorted(map(ord, pair)))
        for link in split_at_crossings(ways)
        for pair in zip(letters(link), letters(link)[1:], strict=False)
    )
    assert found == pieces
