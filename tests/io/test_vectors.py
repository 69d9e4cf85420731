"""Maps: every format gives the same shapes, and one clear error for each way to be wrong."""

import json
import zipfile

import numpy as np
import pyogrio.raw
import pytest
import shapely

from displacement.io import vectors
from displacement.io.gazetteer import Box

BOX = Box(south=0, north=10, west=0, east=20)
SQUARE = [[2, 2], [6, 2], [6, 6], [2, 6], [2, 2]]
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Folder><name>one</name><Placemark><name>square</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
2,2,350 6,2,350 6,6,350 2,6,350 2,2,350</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>
<Folder><name>two</name><Placemark><name>label</name><Point><coordinates>4,4,0</coordinates></Point></Placemark>
</Folder></Document></kml>
"""


def geojson(path, *geometries, **members):
    features = [{"type": "Feature", "properties": {"no": 1}, "geometry": shape} for shape in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def line(*points):
    return {"type": "LineString", "coordinates": list(points)}


def packaged(path, geometries, crs="EPSG:4326", layer=None, append=False):
    import pyogrio.raw

    kind = "Polygon"
    options = {"layer": layer} if layer else {}
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(geometries, dtype=object)),
        [np.array(["a"] * len(geometries), dtype=object)],
        ["name"],
        geometry_type=kind,
        crs=crs,
        append=append,
        **options,
    )
    return path


def archived(path, **entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name.replace("_", "."), text)
    return path


def in_every_format(folder):
    square = shapely.Polygon(SQUARE)
    yield geojson(folder / "map.geojson", polygon(SQUARE))
    yield geojson(folder / "MAP.JSON", polygon([[*point, 350.0] for point in SQUARE]))
    kml = folder / "map.kml"
    kml.write_text(KML)
    yield kml
    yield archived(folder / "map.kmz", doc_kml=KML, picture_png="x")
    yield packaged(folder / "map.gpkg", [square])
    yield packaged(folder / "map.shp", [square])


def test_every_format_gives_the_same_square_without_heights(tmp_path):
    seen = set()
    for path in in_every_format(tmp_path):
        drawing = vectors.drawn(path, BOX)
        assert drawing.kind == "polygons"
        (part,) = drawing.parts
        assert part.equals(shapely.Polygon(SQUARE)), path
        assert not part.has_z
        seen.add(path.suffix.casefold())
    assert seen == set(vectors.FORMATS)


def test_features_keep_their_properties_and_their_order(tmp_path):
    path = geojson(tmp_path / "map.geojson", polygon(SQUARE), line([0, 0], [1, 1]))
    first, second = vectors.read(path)
    assert (first.ordinal, second.ordinal) == (1, 2)
    assert first.properties == {"no": 1}
    assert second.geometry.geom_type == "LineString"


def test_a_file_in_another_reference_system_is_brought_to_degrees(tmp_path):
    east, north = vectors.metres("EPSG:32637", [39.0, 39.1, 39.1], [36.0, 36.0, 36.1])
    path = packaged(tmp_path / "utm.gpkg", [shapely.Polygon(np.column_stack([east, north]))], "EPSG:32637")
    (feature,) = vectors.read(path)
    expected = shapely.Polygon([(39.0, 36.0), (39.1, 36.0), (39.1, 36.1)])
    assert feature.geometry.symmetric_difference(expected).area < 1e-12


def test_degrees_and_metres_are_the_way_there_and_back():
    longitude, latitude = np.array([36.0, 38.9]), np.array([34.3, 37.1])
    back = vectors.degrees("EPSG:32637", *vectors.metres("EPSG:32637", longitude, latitude))
    np.testing.assert_allclose(back, (longitude, latitude), atol=1e-9)


def test_a_point_is_in_the_first_part_that_holds_it_edges_included():
    parts = (shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2))
    found = vectors.part_of(
        vectors.Drawing("line", parts), np.array([1, 2, 3, 5.0]), np.array([1, 1, 1, 1.0])
    )
    assert found.tolist() == [0, 0, 1, -1]


def sides(folder, *lines):
    drawing = vectors.drawn(geojson(folder / "line.geojson", *lines), BOX)
    assert drawing.kind == "line"
    return sorted(round(part.area, 6) for part in drawing.parts)


def test_a_line_splits_the_area_and_its_ends_go_straight_on(tmp_path):
    """Level lines split the box of 20 x 10 where they stand, however long they are drawn."""
    for ends in ([5, 12], [-3, 30], [0, 20], [9, 25]):
        assert sides(tmp_path, line([ends[0], 3], [ends[1], 3])) == [60, 140]


def test_the_direction_in_which_a_line_is_drawn_does_not_matter(tmp_path):
    bent = [[4, 2], [9, 5], [9, 8]]
    assert sides(tmp_path, line(*bent)) == sides(tmp_path, line(*bent[::-1]))


def test_a_line_in_pieces_counts_as_one(tmp_path):
    whole = sides(tmp_path, line([4, 2], [9, 5], [9, 8]))
    assert sides(tmp_path, line([4, 2], [9, 5]), line([9, 8], [9, 5])) == whole
    twice = line([4, 2], [4, 2], [9, 5], [9, 8], [9, 8])
    assert sides(tmp_path, twice) == whole


def test_two_lines_make_three_sides(tmp_path):
    assert sides(tmp_path, line([0, 3], [20, 3]), line([1, 8], [2, 8])) == [40, 60, 100]


def test_the_distance_to_a_drawing_is_in_kilometres():
    """A degree of latitude is 111.2 km, one of longitude at 60 degrees half of it; within 2 %."""
    drawing = vectors.Drawing("polygons", (shapely.box(10, 59, 11, 61),))
    found = vectors.distance_km(drawing, np.array([10.5, 12.0]), np.array([60.0, 60.0]))
    np.testing.assert_allclose(found, [0.0, 55.6], rtol=0.02)


def bad_files(folder):
    yield "points only", geojson(folder / "a.geojson", {"type": "Point", "coordinates": [1, 1]})
    yield "holds no shape", geojson(folder / "b.geojson")
    yield "holds no shape", geojson(folder / "c.geojson", polygon())
    bow = polygon([[2, 2], [6, 6], [6, 2], [2, 6], [2, 2]])
    yield (
        r"feature 2 is no proper polygon \(Self-intersection\[4 4\]\)",
        geojson(folder / "d.geojson", polygon(SQUARE), bow),
    )
    yield (
        "both polygons and lines",
        geojson(folder / "e.geojson", polygon(SQUARE), line([0, 0], [1, 1])),
    )
    far = polygon([[40, 2], [46, 2], [46, 6], [40, 2]])
    yield (
        r"lies outside the area \(40 to 46 east, 2 to 6 north; the area: 0 to 20",
        geojson(folder / "f.geojson", far),
    )
    yield "lies outside the area", geojson(folder / "g.geojson", line([30, 3], [40, 3]))
    yield "the line is closed", geojson(folder / "h.geojson", line([1, 1], [5, 1], [5, 5], [1, 1]))
    yield "the line has no length", geojson(folder / "i.geojson", line([1, 1], [1, 1]))
    yield "does not split the area", geojson(folder / "i2.geojson", line([-1, 9], [1, 11], [-2, 11]))
    (folder / "j.geojson").write_text('{"type": "FeatureColl')
    yield "cannot be read", folder / "j.geojson"
    (folder / "k.kml").write_text("this is no KML")
    yield "cannot be read", folder / "k.kml"
    (folder / "l.gpkg").write_bytes(b"neither")
    yield "cannot be read", folder / "l.gpkg"
    (folder / "m.kmz").write_bytes(b"no archive")
    yield "cannot be unpacked", folder / "m.kmz"
    yield "holds no KML", archived(folder / "n.kmz", picture_png="x")
    (folder / "o.dwg").write_text("x")
    yield r"unknown format '\.dwg'; save it as GeoJSON", folder / "o.dwg"
    (folder / "p.geojson").mkdir()
    yield "is a folder; name a file", folder / "p.geojson"
    yield "there is no such file", folder / "q.geojson"
    shape = packaged(folder / "r.shp", [shapely.Polygon(SQUARE)])
    shape.with_suffix(".prj").unlink()
    yield "does not say its reference system", shape
    layers = packaged(folder / "s.gpkg", [shapely.Polygon(SQUARE)], layer="one")
    packaged(layers, [shapely.Polygon(SQUARE)], layer="two", append=True)
    yield r"holds 2 layers \(one, two\); save the one meant", layers


def test_what_is_wrong_with_a_map_is_said_with_its_name(tmp_path):
    checked = 0
    for message, path in bad_files(tmp_path):
        with pytest.raises(vectors.VectorError, match=message) as caught:
            vectors.drawn(path, BOX)
        assert str(caught.value).startswith(f"{path.name}: ")
        assert len(str(caught.value).splitlines()) == 1
        checked += 1
    assert checked == 20


PRJ = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],' + (
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [("D_WGS_1984", "D_WGS_\xb1984"), (PRJ, "")],
    ids=["letter", "blank"],
)
def test_a_shapefile_with_a_damaged_reference_system_is_an_error(tmp_path, whole, damaged):
    shape = np.array([shapely.to_wkb(shapely.box(1, 1, 2, 2))], dtype=object)
    path = tmp_path / "front.shp"
    pyogrio.raw.write(path, shape, [], [], geometry_type="Polygon", crs="EPSG:4326")
    path.with_suffix(".prj").write_text(PRJ.replace(whole, damaged), encoding="latin-1")
    with pytest.raises(vectors.VectorError, match=r"front\.shp: .*reference system"):
        vectors.read(path)
