"""What a model reads of a node."""

from __future__ import annotations

from ugembed.graphs.text import image_text, node_text


def test_known_parts_are_named_in_order_and_unknown_ones_left_out() -> None:
    full = node_text("Maple Library", "library", address="Oak Street 5", district="Old Town")
    assert full == "Name: Maple Library, Category: library, Address: Oak Street 5, District: Old Town"
    assert node_text("Maple Library", "library") == "Name: Maple Library, Category: library"


def test_a_nameless_street_is_named_by_its_class() -> None:
    assert node_text("", "footpath") == "Name: unnamed footpath, Category: footpath"


def test_every_image_reads_the_same() -> None:
    assert image_text() == "Name: street view image, Category: image"
