"""The synthetic city as an OpenStreetMap file (``.osm``, API 0.6) and its pictures as a table of points."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np

from ugembed.demo.ground import NARROW_M, WIDE_M, discs
from ugembed.demo.model import City, Position, Street
from ugembed.demo.palette import CATEGORIES

POINT_COLUMNS = ("id", "lon", "lat", "heading", "image", "district", "split")


class _OsmWriter:
    """Collects nodes and ways under increasing ids; nodes come first in the file, as OSM readers expect."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.nodes: list[ElementTree.Element] = []
        self.ways: list[ElementTree.Element] = []

    def node(self, position: Position, **tags: str) -> str:
        lon, lat = self.city.lon_lat(position)
        number = str(len(self.nodes) + 1)
        element = ElementTree.Element("node", id=number, version="1", lat=f"{lat:.7f}", lon=f"{lon:.7f}")
        self.nodes.append(_tagged(element, tags))
        return number

    def way(self, references: Sequence[str], **tags: str) -> None:
        element = ElementTree.Element("way", id=str(len(self.ways) + 1), version="1")
        for reference in references:
            ElementTree.SubElement(element, "nd", ref=reference)
        self.ways.append(_tagged(element, tags))

    def area(self, positions: Sequence[Position], **tags: str) -> None:
        corners = [self.node(position) for position in positions]
        self.way([*corners, corners[0]], **tags)


def _tagged(element: ElementTree.Element, tags: dict[str, str]) -> ElementTree.Element:
    for key, value in tags.items():
        ElementTree.SubElement(element, "tag", k=key, v=value)
    return element


def osm_xml(city: City) -> bytes:
    """The map: streets sharing nodes at crossings, places and landmarks as nodes, parks as areas.

    Districts are not on it: their name would stand in every node text of a graph, where it tells nothing.
    """
    osm = _OsmWriter(city)
    used = sorted({node for street in city.streets for node in street.nodes})
    crossing = {node: osm.node((float(city.nodes[node, 0]), float(city.nodes[node, 1]))) for node in used}
    for street in city.streets:
        osm.way([crossing[node] for node in street.nodes], highway=_highway(street), name=street.name)
    for poi in city.pois:
        category = CATEGORIES[poi.category]
        osm.node(poi.position, name=poi.name, **{category.key: category.value})
    for landmark in city.landmarks:
        osm.node(landmark.position, name=landmark.name, man_made=landmark.kind)
    for park in city.parks:
        osm.area(_round(park.position, park.radius), leisure="park", name=park.name)
    for river in city.rivers:
        line = [osm.node((east, north)) for east, north in river.line.tolist()]
        osm.way(line, waterway="river", name=river.name)
    root = ElementTree.Element("osm", version="0.6", generator="ugembed demo")
    root.extend(osm.nodes)
    root.extend(osm.ways)
    ElementTree.indent(root, space=" ")
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _highway(street: Street) -> str:
    if street.half_width_m > WIDE_M:
        return "tertiary"
    return "living_street" if street.half_width_m < NARROW_M else "residential"


def _round(centre: Position, radius: float) -> list[Position]:
    ring = discs(np.array([centre]), np.array([radius]), 18)[0]
    return [(east, north) for east, north in ring.tolist()]


def points_csv(city: City) -> bytes:
    """One row a picture; ``heading`` in degrees clockwise from north, ``image`` relative to the file."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(POINT_COLUMNS)
    for camera in city.cameras:
        lon, lat = city.lon_lat(camera.position)
        district = city.districts[camera.district].name
        image = f"images/{camera.id}.jpg"
        table.writerow([camera.id, f"{lon:.7f}", f"{lat:.7f}", f"{camera.heading:.1f}", image, district, camera.split])
    return buffer.getvalue().encode()
