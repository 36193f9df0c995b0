"""From a `CityMap` to a `City`: everything numbered, related and written down once for all images."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, bearing_deg, distance_m
from ugembed.graphs.city import relations
from ugembed.graphs.city.arrays import Groups, Words
from ugembed.graphs.city.city import NOWHERE, City, Edges, Nodes, Places, Streets
from ugembed.graphs.city.lines import Ints, Lines, Nearby
from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.city.places import is_area, outlines, prepare_places, stand
from ugembed.graphs.city.relations import Relation
from ugembed.graphs.maps.city_map import CityMap, MapPlace
from ugembed.graphs.maps.osm.categories import category_table
from ugembed.graphs.recipe import EDGE_KINDS, NODE_KINDS, GraphRecipe
from ugembed.graphs.text import IMAGE_CATEGORY, IMAGE_NAME, CityNode, image_text, text_of
from ugembed.records.points import ImagePoint

COORDINATE_DECIMALS = 9  # 0.1 mm
METRE_DECIMALS = 3
_as_json = json.JSONEncoder(ensure_ascii=False).encode
BEARING_DECIMALS = 2


def make_city(city_map: CityMap, recipe: GraphRecipe, images: Sequence[ImagePoint] = ()) -> City:
    """Number and relate everything that a recipe wants; ``images`` become nodes if it names them."""
    network = StreetNetwork(city_map.links, recipe.streets, table=category_table(recipe.categories))
    places = [place for place in prepare_places(city_map) if _kind(place) in recipe.nodes]
    made = _Making(network, places, recipe, images if "image" in recipe.nodes else ())
    return made.city()


@dataclass(frozen=True, slots=True)
class _Numbered:
    """The nodes of a city and where each part of them begins."""

    nodes: list[CityNode]
    first_crossing: int
    first_place: int
    first_image: int


class _Making:
    def __init__(
        self, network: StreetNetwork, places: list[MapPlace], recipe: GraphRecipe, images: Sequence[ImagePoint]
    ) -> None:
        self.network, self.places, self.recipe = network, places, recipe
        self.numbered = _number(network, places, recipe, sorted(images, key=lambda point: point.id))
        nodes = self.numbered.nodes
        self.lon, self.lat = np.array([node.lon for node in nodes]), np.array([node.lat for node in nodes])
        at_points = [p for p, place in enumerate(places) if place.geometry.geom_type == "Point"]
        images_at = np.arange(self.numbered.first_image, len(nodes))
        self.points: Ints = np.concatenate([self.numbered.first_place + np.array(at_points, np.int64), images_at])
        self.shaped = [p for p, place in enumerate(places) if place.geometry.geom_type != "Point"]
        self.areas = [p for p, place in enumerate(places) if is_area(place)]

    def city(self) -> City:
        numbered, nodes = self.numbered, self.numbered.nodes
        crossings = np.arange(numbered.first_crossing, numbered.first_place)
        found, snapped, touching = self._relations()
        crossing_of_node = self.network.crossing_of_node
        if len(crossings):
            crossing_of_node = np.where(crossing_of_node >= 0, numbered.first_crossing + crossing_of_node, NOWHERE)
        else:
            crossing_of_node = np.full(len(crossing_of_node), NOWHERE)
        quoted_ids = [quoted(node.id) for node in nodes]
        ids, words = Words.of(quoted_ids), _node_words(nodes, quoted_ids, self.recipe)
        names = Words.of(quoted(street.name) for street in self.network.streets)
        return City(
            Nodes(self.lon, self.lat, _kinds(nodes), _ranks(nodes), ids, words),
            Streets(
                self.network.lines,
                self.network.ends,
                self.network.street_of_link,
                crossing_of_node.astype(np.int64),
                self.network.is_tunnel,
            ),
            self._places(np.concatenate([crossings, self.points]), snapped, touching),
            self._edges(found, ids, names),
        )

    def _relations(self) -> tuple[list[Relation], Nearby, Relation]:
        """The relations that are wanted; where points lie on the streets; areas with the streets they touch."""
        network, first_place = self.network, self.numbered.first_place
        lon, lat = self.lon[self.points], self.lat[self.points]
        streets = np.arange(self.numbered.first_crossing)
        crossings = np.arange(self.numbered.first_crossing, first_place)
        polygons = [self.places[p].geometry for p in self.areas]
        areas = first_place + np.array(self.areas, dtype=np.int64)
        shapes = first_place + np.array(self.shaped, dtype=np.int64)
        nearest, snapped = relations.places_to_streets(lon, lat, network)
        bounds, through = relations.shapes_to_streets([self.places[p].geometry for p in self.shaped], network)
        bounds, through = bounds.renumbered(shapes, streets), through.renumbered(shapes, streets)
        found = [
            nearest.renumbered(self.points, streets),
            relations.places_in_areas(lon, lat, polygons).renumbered(self.points, areas),
            bounds,
            through,
        ]
        if len(crossings):
            found.append(relations.crossings_to_streets(network).renumbered(crossings, streets))
            found.append(relations.crossings_along_streets(network).renumbered(crossings, crossings))
        if self.recipe.streets == "segments":
            found.append(relations.streets_continued(network).renumbered(streets, streets))
        wanted = [relation for relation in found if relation.kind in self.recipe.edges]
        return wanted, snapped, Relation.joined([bounds, through])

    def _places(self, points: Ints, snapped: Nearby, touching: Relation) -> Places:
        first_place = self.numbered.first_place
        lines = [(first_place + p, line) for p in self.shaped for line in outlines(self.places[p])]
        return Places(
            points=points,
            shapes=Lines.of([line for _, line in lines]),
            node_of_shape=np.array([node for node, _ in lines], dtype=np.int64),
            areas=Words.of(self.places[p].geometry.wkb for p in self.areas),
            node_of_area=first_place + np.array(self.areas, dtype=np.int64),
            node=self.points[snapped.point],
            link=snapped.line,
            along_m=snapped.along_m,
            gap_m=snapped.distance_m,
            by_link=Groups.of(snapped.line, len(self.network.lines)),
            area=touching.source,
            street=touching.target,
            area_gap_m=touching.distance_m,
            by_street=Groups.of(touching.target, len(self.network.streets)),
        )

    def _edges(self, found: Sequence[Relation], ids: Words, names: Words) -> Edges:
        kind = np.concatenate(
            [np.empty(0, np.int64), *(np.full(len(r.source), EDGE_KINDS.index(r.kind), np.int64) for r in found)]
        )
        rows = Relation.joined(found)
        order = np.lexsort((rows.target, kind, rows.source))
        rows, kind = rows.take(order), kind[order]
        ends = (self.lon[rows.source], self.lat[rows.source], self.lon[rows.target], self.lat[rows.target])
        metres = rounded_m(np.where(np.isnan(rows.distance_m), distance_m(*ends), rows.distance_m))
        degrees = rounded_deg(np.where(np.isnan(rows.bearing_deg), bearing_deg(*ends), rows.bearing_deg))
        size = len(self.numbered.nodes)
        return Edges(
            kind=kind,
            source=rows.source,
            target=rows.target,
            words=_edge_words((ids, names), (rows.source, rows.target, kind, rows.street), (metres, degrees)),
            distance_m=metres,
            bearing_deg=degrees,
            by_source=Groups.of(rows.source, size),
            by_target=Groups.of(rows.target, size),
        )


def quoted(text: str) -> bytes:
    """A text as JSON. orjson would do, but what it returns keeps a kilobyte of room each, here for every node."""
    return _as_json(text).encode()


def numbers(values: Floats) -> list[bytes]:
    """Every number as JSON; NaN is ``null``."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return text.split(b",") if text else []


def number_list(values: Floats) -> NDArray[np.uint8]:
    """Numbers as the inside of a JSON list; what is not finite is ``null``."""
    return np.frombuffer(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1], np.uint8)


def rounded_m(metres: Floats) -> Floats:
    """Lengths as files hold them."""
    return np.asarray(np.round(metres, METRE_DECIMALS), dtype=np.float64)


def rounded_deg(degrees: Floats) -> Floats:
    """Bearings as files hold them."""
    return np.asarray(np.round(degrees, BEARING_DECIMALS) % 360.0)


def _kind(place: MapPlace) -> str:
    if place.is_transit:
        return "transit"
    return "poi" if place.geometry.geom_type == "Point" else "area"


def _number(
    network: StreetNetwork, places: Sequence[MapPlace], recipe: GraphRecipe, images: Sequence[ImagePoint]
) -> _Numbered:
    lon, lat = network.lines.middles()
    fixed = recipe.streets == "segments"
    nodes = [
        CityNode(street.id, "street", street.name, street.category, *((x, y) if fixed else ()))
        for street, x, y in zip(network.streets, *_of_streets(network, lon, lat), strict=True)
    ]
    first_crossing = len(nodes)
    if "crossing" in recipe.nodes:
        nodes += [CityNode(c.id, "crossing", c.label, "crossing", c.lon, c.lat) for c in network.crossings]
    first_place = len(nodes)
    nodes += [_place_node(place, x, y) for place, x, y in zip(places, *_listed(stand(places)), strict=True)]
    first_image = len(nodes)
    nodes += [
        CityNode(point.id, "image", IMAGE_NAME, IMAGE_CATEGORY, point.place.lon, point.place.lat) for point in images
    ]
    return _Numbered(nodes, first_crossing, first_place, first_image)


def _of_streets(network: StreetNetwork, lon: Floats, lat: Floats) -> tuple[list[float], list[float]]:
    """Coordinates of links, in the order of streets (of several links the last)."""
    at = np.full((2, len(network.streets)), np.nan)
    at[:, network.street_of_link] = lon, lat
    return _listed((at[0], at[1]))


def _listed(at: tuple[Floats, Floats]) -> tuple[list[float], list[float]]:
    return np.round(at[0], COORDINATE_DECIMALS).tolist(), np.round(at[1], COORDINATE_DECIMALS).tolist()


def _place_node(place: MapPlace, lon: float, lat: float) -> CityNode:
    words = (place.address, place.district, place.country, place.name_en)
    return CityNode(place.id, _kind(place), place.name, place.category, lon, lat, *words)


def _kinds(nodes: Sequence[CityNode]) -> Any:
    number = {kind: i for i, kind in enumerate(NODE_KINDS)}
    return np.array([number[node.kind] for node in nodes], dtype=np.uint8)  # type: ignore[index]


def _ranks(nodes: Sequence[CityNode]) -> Ints:
    by_id = sorted(range(len(nodes)), key=lambda n: nodes[n].id)
    rank: Ints = np.empty(len(by_id), dtype=np.int64)
    rank[by_id] = np.arange(len(by_id))
    return rank


def _node_words(nodes: Sequence[CityNode], ids: Sequence[bytes], recipe: GraphRecipe) -> Words:
    lon, lat = (numbers(np.array([getattr(node, name) for node in nodes])) for name in ("lon", "lat"))
    return Words.of(_node_word(node, id, (x, y), recipe) for node, id, x, y in zip(nodes, ids, lon, lat, strict=True))


def _node_word(node: CityNode, id: bytes, at: tuple[bytes, bytes], recipe: GraphRecipe) -> bytes:
    text = image_text() if node.kind == "image" else text_of(node, recipe.text)
    known: Mapping[str, str] = {"kind": node.kind, "name": node.name, "category": node.category, "node_text": text}
    place = b"" if at[0] == b"null" else b',"coords":[%b,%b]' % at
    return b'{"node_id":%b,%b%b' % (id, orjson.dumps(known)[1:-1], place)


def _edge_words(
    words: tuple[Words, Words], edges: tuple[Ints, Ints, Ints, Ints], measured: tuple[Floats, Floats]
) -> Words:
    from ugembed.graphs.city.writing import edge_words

    ids, names = words
    kinds = Words.of(f',"type":"{kind}"'.encode() for kind in EDGE_KINDS)
    is_open = np.isnan(measured[0]) | np.isnan(measured[1])
    texts = (number_list(measured[0]), number_list(measured[1]))
    return Words(*edge_words((ids.parts, kinds.parts, names.parts), edges, is_open, texts))
