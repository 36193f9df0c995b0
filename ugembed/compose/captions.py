"""Spatial-context captions: a local graph in one or two plain sentences, always the same for the same graph."""

from __future__ import annotations

from ugembed.compose.surroundings import Named, Surroundings, compass_word, rounded_m, surroundings
from ugembed.graphs.schema import UrbanGraph


def caption(graph: UrbanGraph, *, places: int = 3) -> str:
    """Street, nearest crossing and the ``places`` nearest named places, distances to ten metres, eight directions.

    ``"On Maple Street, 60 m north of Old Mill Road. Harbour Library (library) 40 m to the east, …."`` A graph without
    any name gives ``"An unnamed place."``.
    """
    known = surroundings(graph)
    around = ", ".join(_place(named) for named in known.places[:places])
    sentences = [sentence for sentence in (_where(known), around) if sentence]
    return " ".join(f"{sentence}." for sentence in sentences) or "An unnamed place."


def beside_crossing(known: Surroundings) -> str:
    """``"60 m north of Old Mill Road"``: where the centre lies, seen from the nearest crossing of its street."""
    found = known.crossing_street()
    if found is None:
        return ""
    other, crossing = found
    return f"{rounded_m(crossing.distance_m)} m {compass_word(crossing.bearing + 180.0)} of {other}"


def _where(known: Surroundings) -> str:
    street = f"On {known.street}" if known.street else ""
    return ", ".join(part for part in (street, beside_crossing(known)) if part)


def _place(named: Named) -> str:
    kind = f" ({named.category})" if named.category else ""
    return f"{named.name}{kind} {rounded_m(named.distance_m)} m to the {named.direction}"
