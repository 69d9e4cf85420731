"""A user's own people, outlines of zones and speeds, on the toy area: laws, and one clear error for each fault."""

import json
import shutil

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from support import changed, write_raster

import displacement as dp
from displacement import asked, ways
from displacement.scenario import timeline

WEST, EAST, SOUTH, NORTH = 38.75, 39.25, 36.0, 36.4
MIDDLE_EAST, MIDDLE_NORTH = 39.0, 36.19
CORNERS = {
    "Z1": (WEST, MIDDLE_NORTH, MIDDLE_EAST, NORTH),
    "Z2": (MIDDLE_EAST, MIDDLE_NORTH, EAST, NORTH),
    "Z3": (WEST, SOUTH, MIDDLE_EAST, MIDDLE_NORTH),
    "Z4": (MIDDLE_EAST, SOUTH, EAST, MIDDLE_NORTH),
}
TOTALS = np.array([10_000.0, 8_000.0, 6_000.0, 4_000.0])


@pytest.fixture
def scenario(toy, tmp_path):
    """The toy scenario as if it lay in a folder of its own, for files to lie beside it."""
    folder = tmp_path / "area"
    shutil.copytree(toy.area_folder, folder)
    shutil.copy(toy.path, tmp_path)
    return toy.model_copy(update={"path": tmp_path / "toy.yaml", "area_folder": folder})


def table(scenario, content, name="people.csv"):
    (scenario.path.parent / name).write_text(content, encoding="utf-8")
    return name


def raster(scenario, values, west=WEST, north=NORTH, name="people.tif", pixel=0.01, **profile):
    write_raster(scenario.path.parent / name, values, west, north, pixel, **profile)
    return name


def polygons(scenario, shapes, name="zones.geojson", column="ADM3_PCODE", crs="EPSG:4326"):
    """Write shapes by p-code as a map."""
    pyogrio.raw.write(
        scenario.path.parent / name,
        geometry=shapely.to_wkb(np.array(list(shapes.values()))),
        field_data=[np.array(list(shapes), dtype=object)],
        fields=[column],
        geometry_type="Polygon",
        crs=crs,
    )
    return name


def boxes(**others):
    return {code: shapely.box(*corners) for code, corners in CORNERS.items()} | others


def read(scenario, travel_raster=None, **population):
    return asked.read_inputs(changed(scenario, population=population, travel_raster=travel_raster))


def by_zone(inputs):
    zone, people = inputs.cells["zone"].values, inputs.cells["population"].values
    return np.bincount(zone[zone >= 0], people[zone >= 0], inputs.zones.inside)


def random_people(seed=1):
    stream = np.random.default_rng(seed)
    return np.where(stream.random((40, 50)) < 0.3, stream.lognormal(3, 1, (40, 50)), 0.0)


# Zone tables


def test_a_table_of_zones_replaces_their_people_and_keeps_the_share_displaced_before(scenario):
    inputs = read(scenario, zones=table(scenario, "zone,population\nZ1,20000\nZ2,100\n"))
    np.testing.assert_allclose(by_zone(inputs), [20_000, 100, 6_000, 4_000], rtol=1e-12)
    np.testing.assert_array_equal(inputs.zones.displaced_before[:4], [4_000, 0, np.nan, 0])
    assert inputs.notes == (
        "people.csv leaves out 2 zones: Cedar (Z3), Delta (Z4); they keep the area's people.",
    )
    assert scenario.path.parent / "people.csv" in inputs.files


def test_a_table_of_zones_may_say_who_was_displaced_before_and_name_zones_in_words(scenario):
    content = "zone,population,displaced_before\nعنبر,20000,50\nCedar land,100,\n"
    inputs = read(scenario, zones=table(scenario, content))
    np.testing.assert_array_equal(inputs.zones.displaced_before[:4], [50, 0, np.nan, 0])
    assert inputs.zones.population[2] == 100


def test_low_and_high_of_a_table_move_those_displaced_before_in_proportion(scenario):
    name = table(
        scenario, "zone,population,low,high,displaced_before\nZ1,10000,5000,20000,4000\nZ2,8000,6000,9000,\n"
    )
    for level, total, before in (("low", 5000, 2000), ("central", 10_000, 4000), ("high", 20_000, 8000)):
        zones = asked.read_inputs(changed(scenario, population={"zones": name, "level": level})).zones
        assert zones.population[0] == total
        assert zones.displaced_before[0] == before


def test_sites_with_more_people_than_the_table_gives_their_zone_are_noted_and_not_refused(scenario):
    inputs = read(scenario, zones=table(scenario, "zone,population\nZ1,600\n"))
    assert any(
        "1,000 people are registered in its sites, and 600 live in it" in note for note in inputs.notes
    )
    assert (inputs.destinations.size >= 0).all()


def test_a_run_with_other_people_moves_and_loses_nobody(scenario):
    changed_people = table(scenario, "zone,population\nZ3,60000\n")
    people = dp.run(changed(scenario, population={"zones": changed_people})).people.isel(member=0, time=-1)
    parts = ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    assert sum(float(people[name].sum()) for name in parts) == pytest.approx(82_000, rel=1e-12)


# Rasters and points


@pytest.mark.parametrize("seed", range(5))
def test_each_zone_keeps_the_people_of_its_table_whatever_the_raster(scenario, seed):
    inputs = read(scenario, raster=raster(scenario, random_people(seed)))
    np.testing.assert_allclose(by_zone(inputs), TOTALS, rtol=1e-12)
    assert (inputs.cells["population"].values >= 0).all()
    assert (inputs.cells["population"].values[inputs.cells["zone"].values < 0] == 0).all()


def test_inside_a_zone_people_live_as_the_raster_says(scenario):
    plain = read(scenario, raster=raster(scenario, random_people()), calibrate_to="none")
    scaled = read(scenario, raster=raster(scenario, random_people()))
    zone = plain.cells["zone"].values
    factor = TOTALS / by_zone(plain)
    expected = plain.cells["population"].values * np.where(zone >= 0, factor[zone], 0)
    np.testing.assert_allclose(scaled.cells["population"].values, expected, rtol=1e-12)


def test_a_raster_can_be_calibrated_to_a_table_of_zones(scenario):
    zones = table(scenario, "zone,population\nZ1,1\nZ2,2\nZ3,3\nZ4,4\n")
    inputs = read(scenario, raster=raster(scenario, random_people()), zones=zones)
    np.testing.assert_allclose(by_zone(inputs), [1, 2, 3, 4], rtol=1e-12)
    assert any("people.tif" in note and "people.csv 10;" in note for note in inputs.notes)


def test_without_calibration_the_people_are_those_of_the_raster_and_the_rest_is_stated(scenario):
    """Shares displaced before stay; people outside every zone are counted in a note, and all balance."""
    values = random_people()
    inputs = read(
        changed(scenario, movement={"area": {"zone_reach": 8.0, "control_reach": 30.0}}),
        raster=raster(scenario, values),
        calibrate_to="none",
    )
    (note,) = (note for note in inputs.notes if "outside every zone" in note)
    outside, inside_box = (float(word.replace(",", "")) for word in note.split() if word[0].isdigit())
    found = by_zone(inputs)
    assert found.sum() + outside == pytest.approx(inside_box, abs=1.0)
    assert inside_box <= values.sum()
    np.testing.assert_allclose(inputs.zones.population[:4], found, rtol=1e-12)
    assert inputs.prior_share[0] == pytest.approx(0.2, rel=1e-12)


def test_a_zone_where_the_raster_has_nobody_lives_as_the_area_says(scenario):
    """The western half alone has people in the raster."""
    values = random_people()
    values[:, 24:] = 0.0
    inputs, own = read(scenario, raster=raster(scenario, values)), read(scenario)
    np.testing.assert_allclose(by_zone(inputs), TOTALS, rtol=1e-12)
    delta = own.cells["zone"].values == 3
    people, as_listed = (cells.cells["population"].values[delta] for cells in (inputs, own))
    np.testing.assert_allclose(people, as_listed, rtol=1e-12)
    assert any("counts nobody in 2 zones: Birch (Z2), Delta (Z4)" in note for note in inputs.notes)


def test_the_largest_disagreements_are_noted_by_size(scenario):
    values = np.zeros((40, 50))
    for column, row, people in ((12, 10, 11_000), (37, 10, 3_000), (12, 31, 6_000), (37, 31, 4_400)):
        values[row, column] = people
    inputs = read(scenario, raster=raster(scenario, values))
    assert inputs.notes[0].startswith(
        "people.tif counts 24,400 people in the area's zones, zones.csv 28,000; each zone keeps the people of zones.csv"
    )
    assert inputs.notes[1:] == (
        "Birch (Z2): people.tif 3,000, zones.csv 8,000, ratio 0.38",
        "Amber (Z1): people.tif 11,000, zones.csv 10,000, ratio 1.10",
        "Delta (Z4): people.tif 4,400, zones.csv 4,000, ratio 1.10",
    )


def test_points_fill_discs_as_settlements_do_and_keep_their_people(scenario):
    """Amber's point counts 400, Cedar's 100; one lies off the grid and is stated."""
    content = (
        "pcode,name,lat,lon,people\nA,Amber,36.25741,38.91658,400\n,,36.1221,38.91658,100\nB,,35,38.9,7\n"
    )
    inputs = read(scenario, points=table(scenario, content), calibrate_to="none")
    np.testing.assert_allclose(by_zone(inputs), [400, 0, 100, 0], rtol=1e-12)
    assert np.count_nonzero(inputs.cells["population"].values) == 2
    assert inputs.notes[0] == (
        "1 points of people.csv with 7 people lie outside every zone and are left out."
    )
    scaled = read(scenario, points="people.csv")
    np.testing.assert_allclose(by_zone(scaled), TOTALS, rtol=1e-12)


def test_a_points_zone_counts_before_that_of_its_cell(scenario):
    content = "lat,lon,people,zone\n36.25741,38.91658,400,Z2\n"
    inputs = read(scenario, points=table(scenario, content), calibrate_to="none")
    np.testing.assert_allclose(by_zone(inputs), [0, 400, 0, 0], rtol=1e-12)


# Polygons


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("zones.geojson", "ADM3_PCODE"),
        ("zones.gpkg", "admin3Pcode"),
        ("zones.shp", "pcode"),
        ("zones.geojson", "zone"),
    ],
)
def test_a_cell_is_in_the_zone_whose_polygon_holds_its_centre(scenario, name, column):
    inputs = read(scenario, polygons=polygons(scenario, boxes(), name, column))
    east, north = inputs.grid.centres()
    to_degrees = pyproj.Transformer.from_crs("EPSG:32637", "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(east, north)
    expected = 2 * (latitude < MIDDLE_NORTH) + (longitude > MIDDLE_EAST)
    np.testing.assert_array_equal(inputs.cells["zone"].values, expected)
    assert inputs.boundaries == f"official: {name}"
    np.testing.assert_allclose(by_zone(inputs), TOTALS, rtol=1e-12)
    assert {path.suffix for path in inputs.files} >= (
        {".shp", ".dbf", ".shx"} if name == "zones.shp" else set()
    )


def test_polygons_in_another_reference_system_are_the_same(scenario):
    first = read(scenario, polygons=polygons(scenario, boxes()))
    mercator = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    moved = {
        code: shapely.transform(shape, lambda points: np.column_stack(mercator.transform(*points.T)))
        for code, shape in boxes().items()
    }
    second = read(scenario, polygons=polygons(scenario, moved, "other.gpkg", crs="EPSG:3857"))
    np.testing.assert_array_equal(first.cells["zone"].values, second.cells["zone"].values)


def test_a_zone_without_a_polygon_keeps_what_no_polygon_holds(scenario):
    shapes = boxes(XX=shapely.box(10, 10, 11, 11))
    del shapes["Z4"]
    inputs, own = read(scenario, polygons=polygons(scenario, shapes)), read(scenario)
    assert (inputs.cells["zone"].values == 3).any()
    assert set(np.flatnonzero(inputs.cells["zone"].values == 3)) <= set(
        np.flatnonzero(own.cells["zone"].values == 3)
    )
    assert inputs.notes == (
        "zones.geojson: 1 (XX) ignored, because the area has no such zone.",
        "zones.geojson has no polygon for 1 (Z4); the cells nearest to their places stand for them.",
    )


def test_a_zone_too_small_to_hold_the_centre_of_a_cell_takes_the_one_it_lies_in(scenario):
    small = shapely.box(39.08342, 36.1, 39.08642, 36.103)
    inputs = read(scenario, polygons=polygons(scenario, boxes(Z4=small)))
    assert (inputs.cells["zone"].values == 3).sum() == 1


def test_settlements_outside_the_polygon_of_their_zone_are_noted_and_stay_in_it(scenario):
    swapped = boxes(Z1=shapely.box(*CORNERS["Z2"]), Z2=shapely.box(*CORNERS["Z1"]))
    inputs = read(scenario, polygons=polygons(scenario, swapped))
    np.testing.assert_allclose(by_zone(inputs), TOTALS, rtol=1e-12)
    assert any(
        "3 settlements with 14,000 people lie in a cell of another zone" in note for note in inputs.notes
    )


def test_without_files_of_ones_own_nothing_is_noted(toy):
    inputs = asked.read_inputs(toy)
    assert inputs.notes == ()
    assert inputs.land.terrain_speed is None
    assert inputs.boundaries == "statistical areas"


# Speeds


def even(scenario, value, name):
    return raster(scenario, np.full((50, 60), value), west=38.7, north=36.45, name=name)


def hours(scenario, travel_raster):
    changed_scenario = changed(scenario, travel_raster=travel_raster)
    inputs = asked.read_inputs(changed_scenario)
    events = timeline.of(changed_scenario, inputs)
    return ways.travel_times(inputs, events, changed_scenario.movement, changed_scenario).from_blocks[0]


def test_an_even_raster_of_the_tracks_speed_changes_no_travel_time(scenario):
    """8 km/h is 0.0075 minutes for a metre."""
    track = scenario.movement.travel.track_speed
    without = hours(scenario, None)
    np.testing.assert_allclose(
        hours(scenario, {"speed": even(scenario, track, "speed.tif")}), without, rtol=1e-6
    )
    friction = even(scenario, 0.06 / track, "friction.tif")
    np.testing.assert_allclose(hours(scenario, {"friction": friction}), without, rtol=1e-6)


def test_a_raster_of_higher_speeds_makes_no_way_longer_and_some_shorter(scenario):
    without, fast = hours(scenario, None), hours(scenario, {"speed": even(scenario, 25.0, "speed.tif")})
    assert (fast <= without + 1e-9).all()
    assert (fast < without - 1e-3).any()


def test_who_lives_where_nobody_can_pass_is_stated(scenario):
    values = np.full((50, 60), 10.0)
    values[:, 40:] = 0.0
    inputs = read(scenario, {"speed": raster(scenario, values, west=38.7, north=36.45, name="speed.tif")})
    assert inputs.notes[0].startswith("speed.tif: ")
    assert "live in cells without a road that it lets nobody pass" in inputs.notes[0]


# Faults

CROSSED = shapely.Polygon([(38.8, 36.0), (39.2, 36.4), (39.2, 36.0), (38.8, 36.4)])

WRONG_TABLES = {
    "an unknown zone": ("zones", "zone,population\nZ9,5\n", r"people\.csv:2: zone: unknown zone 'Z9'"),
    "a name close to one": (
        "zones",
        "zone,population\nAmbr,5\n",
        r":2: zone: unknown zone .*did you mean Amber \(Z1\)",
    ),
    "a zone twice": (
        "zones",
        "zone,population\nZ1,5\nAmber,6\n",
        r":3: zone: Amber \(Z1\) stands in line 2 already; keep one",
    ),
    "a negative number": ("zones", "zone,population\nZ1,-5\n", r":2: population: must be from 0 .*got -5"),
    "infinitely many": ("zones", "zone,population\nZ1,inf\n", r":2: population: is not a number"),
    "a blank": ("zones", "zone,population\nZ1,\n", r":2: population: is blank"),
    "no column of people": ("zones", "zone,people\nZ1,5\n", r":1: column 'population' is missing"),
    "more displaced than people": (
        "zones",
        "zone,population,displaced_before\nZ1,5,6\n",
        r":2: displaced_before: is above the zone's population \(5\)",
    ),
    "nobody anywhere": (
        "zones",
        "zone,population\nZ1,0\nZ2,0\nZ3,0\nZ4,0\n",
        r"people\.csv: nobody lives in any zone",
    ),
    "a point of an unknown zone": (
        "points",
        "lat,lon,people,zone\n36.2,38.9,5,Z9\n",
        r":2: zone: there is no zone 'Z9' in the area",
    ),
    "a point's p-code twice": (
        "points",
        "pcode,lat,lon,people\nA,36.2,38.9,5\nA,36.2,38.9,5\n",
        r":3: pcode: 'A' stands in line 2 already",
    ),
    "a point with fewer than none": (
        "points",
        "lat,lon,people\n36.2,38.9,-5\n",
        r":2: people: must be from 0",
    ),
    "a latitude beyond the pole": (
        "points",
        "lat,lon,people\n96.2,38.9,5\n",
        r":2: lat: must be from -90 to 90",
    ),
    "latitude and longitude swapped": (
        "points",
        "lat,lon,people\n38.9,36.2,5\n",
        r"people\.csv: none of its people lives in a zone .*'lat' and 'lon' the right way",
    ),
    "points without people": ("points", "lat,lon\n36.2,38.9\n", r":1: column 'people' is missing"),
}


@pytest.mark.parametrize(("kind", "content", "message"), WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_wrong_table_is_one_error_that_names_the_row(scenario, kind, content, message):
    with pytest.raises(dp.InputError, match=message) as caught:
        read(scenario, **{kind: table(scenario, content)})
    assert len(str(caught.value).splitlines()) == 1


def without_projection(scenario):
    name = polygons(scenario, boxes(), "zones.shp")
    (scenario.path.parent / "zones.prj").unlink()
    return name


def geojson(scenario, *shapes):
    features = [{"type": "Feature", "properties": {"pcode": "Z1"}, "geometry": shape} for shape in shapes]
    return table(scenario, json.dumps({"type": "FeatureCollection", "features": features}), "zones.geojson")


def two_layers(scenario):
    for layer in ("one", "two"):
        pyogrio.raw.write(
            scenario.path.parent / "zones.gpkg",
            geometry=shapely.to_wkb(np.array(list(boxes().values()))),
            field_data=[np.array(list(boxes()), dtype=object)],
            fields=["pcode"],
            geometry_type="Polygon",
            crs="EPSG:4326",
            layer=layer,
            append=layer == "two",
        )
    return "zones.gpkg"


WRONG_POLYGONS = {
    "crossing itself": (
        lambda scenario: polygons(scenario, boxes(Z2=CROSSED)),
        r"zones\.geojson: feature 2 \(Z2\): is no valid polygon \(Self-intersection\[39 36\.2\]\); repair",
    ),
    "no column of p-codes": (
        lambda scenario: polygons(scenario, boxes(), column="title"),
        r"zones\.geojson: no column of p-codes \(there are title\); name it ADM3_PCODE, pcode or zone",
    ),
    "no zone of the area": (
        lambda scenario: polygons(scenario, {"SY1": shapely.box(*CORNERS["Z1"])}),
        r"ADM3_PCODE: none is a zone of the area \(the first is SY1, the area's Z1\)",
    ),
    "a blank p-code": (
        lambda scenario: polygons(scenario, boxes(**{"": shapely.box(1, 1, 2, 2)})),
        r"feature 5: ADM3_PCODE: is blank",
    ),
    "another p-code where a zone lies": (
        lambda scenario: polygons(
            scenario, {("Q4" if code == "Z4" else code): shape for code, shape in boxes().items()}
        ),
        r"feature 4: ADM3_PCODE: 'Q4' is no zone of zones\.csv, and lies where Delta \(Z4\) is",
    ),
    "elsewhere": (
        lambda scenario: polygons(
            scenario, {code: shapely.transform(shape, lambda p: p - 20) for code, shape in boxes().items()}
        ),
        r"none of its polygons lies inside the area's box",
    ),
    "no reference system": (
        without_projection,
        r"zones\.shp: names no reference system; add it \(for a Shapefile, its \.prj file\)",
    ),
    "text": (
        lambda scenario: table(scenario, "zones", "zones.geojson"),
        r"zones\.geojson: is not a map that can be read",
    ),
    "points": (
        lambda scenario: geojson(scenario, {"type": "Point", "coordinates": [38.9, 36.2]}),
        r"feature 1: is a Point and no polygon",
    ),
    "no outline": (lambda scenario: geojson(scenario, None), r"feature 1: has no outline that can be read"),
    "no features": (geojson, r"holds no polygons|no column of p-codes"),
    "two layers": (
        two_layers,
        r"zones\.gpkg: has 2 layers of shapes \(one, two\)",
    ),
}


@pytest.mark.parametrize(("make", "message"), WRONG_POLYGONS.values(), ids=WRONG_POLYGONS)
def test_polygons_that_cannot_be_used_are_one_clear_error(scenario, make, message):
    with pytest.raises(dp.InputError, match=message) as caught:
        read(scenario, polygons=make(scenario))
    assert len(str(caught.value).splitlines()) == 1


def test_a_raster_of_people_who_all_live_outside_every_zone_is_an_error(scenario):
    small = changed(scenario, movement={"area": {"zone_reach": 8.0, "control_reach": 30.0}})
    inputs = read(small)
    (east, *_), (north, *_) = inputs.grid.centres(np.flatnonzero(inputs.cells["zone"].values < 0))
    name = raster(scenario, np.array([[5.0]]), east, north, pixel=100.0, crs=inputs.grid.crs)
    with pytest.raises(dp.InputError, match=r"people\.tif: counts nobody in any zone of the area"):
        read(small, raster=name)
