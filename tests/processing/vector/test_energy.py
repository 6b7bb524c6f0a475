"""Energy-datasets on the real tables, recounted by other means, and on rows made by hand for every doubt."""

from __future__ import annotations

import csv
import json
import re
import socketserver
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from rdflib import DCTERMS, RDF, RDFS, Literal

from earthweave.mapping import map_source, read_rules, rules
from earthweave.ontology import EW, XSD, Crs, ParameterError, ProcessingError, ProductError, validate
from earthweave.ontology.geometry import reproject
from earthweave.processing import Result, run_service, service

DATA = "data/vector/wri+global-power-plant-database"
JRC = f"{DATA}/raw_source_files/JRC-PPDB-OPEN"
NUTS = "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson"
TABLE = "processing/vector/data/energy.toml"
Rows = list[dict[str, Any]]


def _run(path: Path, folder: Path, **more: Any) -> Result:
    return run_service(service("Energy-datasets"), {"input": path, "output_path": folder, **more})


def rows_of(result: Result, layer: str = "power_units") -> Rows:
    """Rows of a layer with their geometry, None where there is none."""
    meta, _, wkb, fields = pyogrio.raw.read(result.layers[0].path, layer=layer)
    shapes = shapely.from_wkb(wkb) if wkb is not None else [None] * len(fields[0])
    names = list(meta["fields"])
    return [{**dict(zip(names, values, strict=True)), "geometry": shape} for shape, *values in zip(shapes, *fields, strict=True)]


def table(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def result(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """JRC-PPDB-OPEN with its tables, WRI's Austria and Italy, and Australia of the GPPD."""
    return _run(shared / DATA, tmp_path_factory.mktemp("energy"))


@pytest.fixture(scope="module")
def units(result: Result) -> Rows:
    return rows_of(result)


@pytest.fixture(scope="module")
def jrc(shared: Path) -> Rows:
    return table(shared / JRC / "JRC_OPEN_UNITS.csv")


def test_no_row_of_any_source_is_left_out(result: Result, units: Rows, jrc: Rows, shared: Path) -> None:
    folder = shared / DATA
    counts = {
        "jrc-ppdb": len(jrc),
        "gppd": len(table(folder / "source_databases_csv/database_AUS.csv")),
        "wri": sum(len(table(folder / f"raw_source_files/WRI/{name}.csv")) for name in ("Austria", "Italy")),
    }
    assert Counter(row["source"] for row in units) == counts == result.report["figures"]["per_source"]
    assert result.report["figures"]["files"]["datapackage.json"].startswith("passed over")
    mine = [row for row in units if row["source"] == "jrc-ppdb"]
    assert [row["unit_id"] for row in mine] == [row["eic_g"] or row["eic_p"] or None for row in jrc]
    assert [row["row"] for row in mine] == list(range(1, len(jrc) + 1))


def test_places_names_and_capacities_are_those_of_the_source(units: Rows, jrc: Rows) -> None:
    for row, source in zip((row for row in units if row["source"] == "jrc-ppdb"), jrc, strict=True):
        capacity = float(source["capacity_g"])
        assert row["capacity_mw"] == capacity if capacity > 0 else row["capacity_mw"] != row["capacity_mw"]
        assert row["name"] == (source["name_g"].strip() or source["name_p"].strip() or row["unit_id"])
        if source["lat"]:
            assert (row["geometry"].x, row["geometry"].y) == (float(source["lon"]), float(source["lat"]))
            assert (row["source_lon"], row["source_lat"]) == (source["lon"], source["lat"])
        else:
            assert row["geometry"] is None and "no_place" in row["flags"]


def test_every_fuel_state_and_technology_of_the_real_tables_has_a_word(result: Result, units: Rows, jrc: Rows) -> None:
    assert not {"unknown_fuel", "no_fuel", "unknown_country"} & set(result.report["figures"]["flags"])
    fuels = {(source["type_g"].casefold(), row["class"]) for row, source in zip(units, jrc, strict=False) if row["source"] == "jrc-ppdb"}
    assert len(fuels) == len({name for name, _ in fuels})
    assert {("hydro pumped storage", "hydro"), ("fossil brown coal/lignite", "lignite"), ("fossil gas", "gas")} <= fuels
    assert {row["technology"] for row in units if row["source_class"] == "Hydro Pumped Storage"} == {"pumped_storage"}
    states = Counter(row["status"] for row in units if row["source"] == "jrc-ppdb")
    assert states["retired"] == sum(source["status_g"].upper() == "DECOMMISSIONED" for source in jrc) > 457


def test_figures_add_up(result: Result, units: Rows) -> None:
    figures = result.report["figures"]
    total = sum(row["capacity_mw"] for row in units if row["capacity_mw"] == row["capacity_mw"])
    assert figures["capacity_mw"]["all"] == pytest.approx(total, abs=1e-2)
    assert sum(value for name, value in figures["capacity_mw"].items() if name != "all") == pytest.approx(total, abs=0.1)
    assert sum(figures["capacity_mw_per_country"].values()) == pytest.approx(total, abs=0.1)
    retired = sum(row["capacity_mw"] for row in units if row["status"] == "retired" and row["capacity_mw"] == row["capacity_mw"])
    assert figures["capacity_mw_per_status"]["retired"] == pytest.approx(retired)
    assert retired > 50_000
    assert sum(figures["capacity_mw_per_status"].values()) == pytest.approx(total, abs=0.1)
    assert figures["flags"] == Counter(flag for row in units for flag in (row["flags"] or "").split(",") if flag)
    assert figures["doubted"] == sum(bool(row["flags"]) for row in units)
    assert all(bool(row["flags"]) == bool(row["reason"]) for row in units)


def test_doubts_of_the_real_tables_are_counted_as_by_hand(units: Rows, jrc: Rows) -> None:
    flagged = defaultdict(set)
    for row in units:
        for flag in (row["flags"] or "").split(",") if row["source"] == "jrc-ppdb" else ():
            flagged[flag].add(row["row"])
    plants: dict[str, Rows] = defaultdict(list)
    for number, source in enumerate(jrc, 1):
        plants[source["eic_p"]].append({**source, "number": number})
    assert flagged["no_place"] == {number for number, source in enumerate(jrc, 1) if not source["lat"]}
    assert flagged["no_id"] == {number for number, source in enumerate(jrc, 1) if not source["eic_g"]}
    assert flagged["bad_capacity"] == {
        number for number, source in enumerate(jrc, 1) if float(source["capacity_g"]) <= 0 or float(source["capacity_p"] or 1) <= 0
    }
    heavy = [
        members
        for name, members in plants.items()
        if name and len(members) > 1 and 0 < 1.05 * float(members[0]["capacity_p"] or 0) < sum(float(one["capacity_g"]) for one in members)
    ]
    assert flagged["plant_sum"] == {one["number"] for members in heavy for one in members} != set()


def test_places_that_are_wrong_are_found(units: Rows) -> None:
    """71.6 N 21.2 E is open sea off Norway, 40.1 N 8.8 W is in Portugal; three units stand where they are listed, not in their region."""
    wrong = {row["name"]: row for row in units if "out_of_country" in (row["flags"] or "")}
    assert set(wrong) == {*(f"Melkoya G{number} Therm" for number in (10, 20, 30, 40, 50)), "Neuötting"}
    assert "more than 25 km from AT" in wrong["Neuötting"]["reason"]
    moved = {row["name"]: row["country"] for row in units if "other_country" in (row["flags"] or "")}
    assert len(moved) > 30 and moved["Mesna G1 Hydro"] == "NO" and moved["Kaunertal 4"] == "AT"


def test_boundaries_find_what_boxes_do_not(shared: Path, tmp_path: Path) -> None:
    """Against NUTS polygons, whose 1:20M coast and borders are some kilometres off: what is found lies outside by another measure too."""
    folder = tmp_path / "in"
    folder.mkdir()
    lines = (shared / JRC / "JRC_OPEN_UNITS.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "units.csv").write_text(lines[0] + "".join(line for line in lines if re.search(r",(EL|PT|AT3)\w\w?,", line)), "utf-8")
    _, _, wkb, fields = pyogrio.raw.read(shared / NUTS, columns=["CNTR_CODE"], where="LEVL_CODE = 0")
    borders = tmp_path / "borders.gpkg"
    pyogrio.raw.write(borders, wkb, fields, ["CNTR_CODE"], geometry_type="Unknown", crs="EPSG:3035", layer="borders")
    done = _run(folder, tmp_path / "out", boundaries=borders, tolerance=0.5)
    units = [row for row in rows_of(done) if row["geometry"] is not None]
    outlines = dict(zip(fields[0], shapely.from_wkb(wkb), strict=True))
    code = {"GR": "EL", "GB": "UK"}
    found = 0
    for row in units:
        country = outlines.get(code.get(row["country"], row["country"]))
        if country is None:
            continue
        off = shapely.distance(country, reproject(row["geometry"], Crs.parse("CRS84"), Crs.parse("EPSG:3035")))
        doubted = "out_of_country" in (row["flags"] or "")
        found += doubted
        assert doubted == (off > 500) or 480 < off < 520, row["name"]
    assert 0 < found < len(units)


def test_tables_are_joined_by_both_ids(result: Result, units: Rows, shared: Path) -> None:
    mine = {(row["plant_id"], row["unit_id"]): row for row in units if row["source"] == "jrc-ppdb"}
    linked = [row for row in table(shared / JRC / "JRC_OPEN_LINKAGES.csv") if row["eic_p"] and row["eic_g"]]
    for row in linked[::50]:
        unit = mine[row["eic_p"], row["eic_g"]]
        assert [unit[name] or "" for name in ("eprtr_id", "wri_id", "geo_id", "fresna_id")] == [
            row[name] for name in ("eprtr_facilityID", "WRI_id", "GEO_id", "fresna_id")
        ]
    performance = [
        row for row in table(shared / JRC / "JRC_OPEN_PERFORMANCE.csv") if row["eic_p"] and row["eic_g"] and row["eff"] and row["min_load"]
    ]
    for row in performance[::50]:
        unit = mine[row["eic_p"], row["eic_g"]]
        assert (unit["min_load"], unit["efficiency"]) == (float(row["min_load"]), float(row["eff"]))
        if row["minimum_up_time"]:
            assert unit["min_up_h"] == pytest.approx(float(row["minimum_up_time"]) / 60)
    wri = {row["unit_id"] for row in units if row["source"] == "wri"}
    both = {row["row"] for row in units if row["source"] == "jrc-ppdb" and row["wri_id"] in wri}
    assert both == {row["row"] for row in units if row["source"] == "jrc-ppdb" and "linked" in (row["flags"] or "")} != set()
    assert result.report["figures"]["rows_without_unit"]["count"] == 5


def test_generation_by_year(result: Result, shared: Path) -> None:
    years = rows_of(result, "generation")
    source = table(shared / JRC / "JRC_OPEN_TEMPORAL.csv")
    known = {(row["eic_p"], row["eic_g"]) for row in table(shared / JRC / "JRC_OPEN_UNITS.csv")}
    kept = [row for row in source if (row["eic_p"], row["eic_g"]) in known]
    mine = [row for row in years if row["source"] == "jrc-ppdb"]
    assert len(mine) == len(kept) == len(source) - 5
    assert sum(row["generation_gwh"] for row in mine) == pytest.approx(sum(float(row["Generation"]) for row in kept) / 1000)
    assert [row["year"] for row in mine] == [int(row["cyear"]) for row in kept]
    australia = table(shared / DATA / "source_databases_csv/database_AUS.csv")
    said = sum(bool(value.strip()) for row in australia for name, value in row.items() if name.startswith("generation_gwh_"))
    assert sum(row["source"] == "gppd" for row in years) == said > 1000
    assert any("above_capacity" in (row["flags"] or "") for row in years)


GPPD = "country,country_long,name,gppd_idnr,capacity_mw,latitude,longitude,primary_fuel,commissioning_year,owner,generation_gwh_2019\n"
DOUBTS = {
    "AUT,Austria,Good,A1,10,47.21,12.05,Hydro,1990,,20": "",
    "AUT,Austria,Swapped,A2,10,12.05,47.21,Hydro,1990,,": "swapped",
    "AUT,Austria,Zero,A3,10,0,0,Hydro,1990,,": "null_island",
    "AUT,Austria,Nowhere,A4,10,,,Hydro,1990,,": "no_place",
    "AUT,Austria,Word,A5,10,north,12,Hydro,1990,,": "no_place",
    "AUT,Austria,Beyond,A6,10,147.21,212.05,Hydro,1990,,": "out_of_range",
    "AUT,Austria,Abroad,A7,10,40.12,-8.77,Hydro,1990,,": "out_of_country",
    "AUT,Austria,Coarse,A8,10,47.2,12.1,Hydro,1990,,": "coarse_place",
    "QQQ,Atlantis,Lost,A9,10,47.21,12.05,Hydro,1990,,": "unknown_country",
    ",,Stateless,A10,10,47.21,12.06,Hydro,1990,,": "no_country",
    "AUT,Austria,None,A11,,47.22,12.05,Hydro,1990,,": "no_capacity",
    "AUT,Austria,Negative,A12,-5,47.23,12.05,Hydro,1990,,": "bad_capacity",
    "AUT,Austria,Words,A13,many,47.24,12.05,Hydro,1990,,": "bad_capacity",
    "AUT,Austria,Python,A26,1_0,47.24,12.05,Hydro,1990,,": "bad_capacity",
    "AUT,Austria,Infinite,A14,inf,47.24,12.05,Hydro,1990,,": "bad_capacity",
    "AUT,Austria,Huge,A15,30000,47.25,12.05,Hydro,1990,,": "large_capacity",
    'AUT,Austria,Thousands,A16,"1,250.5",47.26,12.05,Hydro,1990,,': "",
    "AUT,Austria,Fuelless,A17,10,47.27,12.05,,1990,,": "no_fuel",
    "AUT,Austria,Odd,A18,10,47.28,12.05,Phlogiston,1990,,": "unknown_fuel",
    "AUT,Austria,Old,A19,10,47.29,12.05,Hydro,1066,,": "bad_year",
    "AUT,Austria,,A20,10,47.31,12.05,Hydro,1990,,": "no_name",
    "AUT,Austria,Nameless,,10,47.32,12.05,Hydro,1990,,": "no_id",
    "AUT,Austria,Twin,A22,10,47.33,12.05,Hydro,1990,,": "duplicate",
    "AUT,Austria,TWIN,A23,10.0,47.330,12.05,HYDRO,1991,,": "duplicate",
    "AUT,Austria,One id,A24,10,47.34,12.05,Hydro,1990,,": "duplicate_id",
    "AUT,Austria,Same id,A24,11,47.35,12.05,Hydro,1990,,": "duplicate_id",
}


def test_every_doubt_is_flagged_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "plants.csv").write_text(GPPD + "\n".join(DOUBTS) + "\n", "utf-8")
    done = _run(tmp_path / "plants.csv", tmp_path / "out")
    rows = rows_of(done)
    assert [row["flags"] or "" for row in rows] == list(DOUBTS.values())
    by = {row["name"]: row for row in rows}
    assert by["Swapped"]["geometry"].equals(shapely.Point(12.05, 47.21))
    assert (by["Swapped"]["source_lat"], by["Swapped"]["source_lon"]) == ("12.05", "47.21")
    assert {name for name, row in by.items() if row["geometry"] is None} == {"Zero", "Nowhere", "Word", "Beyond"}
    assert by["Thousands"]["capacity_mw"] == 1250.5 and by["Huge"]["capacity_mw"] == 30000
    assert by["Odd"]["class"] == "other" and "Phlogiston" in by["Odd"]["reason"]
    assert by["Fuelless"]["class"] == "unknown" and by["A20"]["unit_id"] == "A20"
    assert by["Twin"]["reason"] == "duplicate: as A23"
    assert rows_of(done, "generation")[0]["generation_gwh"] == 20


def test_rows_of_jrc_are_held_against_their_plant_and_years(tmp_path: Path) -> None:
    head = "eic_p,eic_g,name_p,name_g,capacity_p,capacity_g,type_g,lat,lon,country,NUTS2,status_g,year_commissioned,year_decommissioned"
    one = "P,G1,Plant,One,100,150,Nuclear,47.21,12.05,Germany,AT32,FINISHED,1990,1980"
    two = "P,G2,Plant,Two,100,20,Nuclear,47.22,12.05,Austria,AT32,,,"
    (tmp_path / "u.csv").write_text(f"{head}\n{one}\n{two}\n")
    (tmp_path / "t.csv").write_text(
        "eic_p,eic_g,type_g,cyear,Generation,cf,time_coverage,co2emitted\nP,G2,Nuclear,2015,900000,1.2,1,x\nP,G3,Nuclear,2015,1,1,1,1\n"
    )
    (tmp_path / "p.csv").write_text(
        "eic_p,eic_g,min_load,ramp_up,ramp_down,minimum_up_time,minimum_down_time,eff,best_source\nP,G2,2,0.1,-0.1,60,30,low,x\n"
    )
    done = _run(tmp_path, tmp_path / "out", source="jrc-ppdb")
    first, second = rows_of(done)
    assert set(first["flags"].split(",")) == {"unknown_status", "years_inverted", "other_country", "above_plant", "plant_sum"}
    assert set(second["flags"].split(",")) == {"out_of_bounds", "bad_number", "plant_sum"}
    assert (second["min_up_h"], second["ramp_down"]) == (1, -0.1)
    (year,) = rows_of(done, "generation")
    assert year["generation_gwh"] == 900 and set(year["flags"].split(",")) == {"out_of_bounds", "bad_number", "above_capacity"}
    assert done.report["figures"]["rows_without_unit"] == {"count": 1, "first": ["temporal: P/G3"]}


def _farm(number: int, shape: Any, **more: Any) -> dict[str, Any]:
    said = {
        "country": "Denmark",
        "name": f"Simulated {number}",
        "n_turbines": 80,
        "power_mw": 160.0,
        "status": "Production",
        "type_inst": "Grounded",
        "year": "2002",
        "dist_coast": 15000.0,
    }
    return {"type": "Feature", "id": f"windfarmspoly.{number}", "geometry": shape, "properties": {**said, **more}}


def test_reply_of_emodnet(tmp_path: Path) -> None:
    """Simulated features in the shape of a GeoServer's reply to GetFeature, in ETRS89-LAEA as one may ask for."""
    laea = reproject(shapely.box(7.75, 55.45, 7.95, 55.55), Crs.parse("CRS84"), Crs.parse("EPSG:3035"))
    far = reproject(shapely.Point(-30, 45), Crs.parse("CRS84"), Crs.parse("EPSG:3035"))
    shapes = [json.loads(shapely.to_geojson(shape)) for shape in (laea, far)]
    reply = {
        "type": "FeatureCollection",
        "simulated": True,
        "numberMatched": 7,
        "numberReturned": 4,
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3035"}},
        "features": [
            _farm(1, shapes[0]),
            _farm(2, shapes[1]),
            _farm(3, None, status="Planned", power_mw=None),
            _farm(4, shapes[0], status="Sunk"),
        ],
    }
    (tmp_path / "reply.json").write_text(json.dumps(reply))
    done = _run(tmp_path / "reply.json", tmp_path / "out")
    rows = rows_of(done)
    assert [row["flags"] or "" for row in rows] == ["", "out_of_country", "no_capacity,no_place", "unknown_status"]
    assert [row["class"] for row in rows] == ["wind"] * 4 and rows[0]["technology"] == "offshore" and rows[0]["turbines"] == "80"
    assert rows[0]["unit_id"] == "windfarmspoly.1" and rows[2]["status"] == "planned"
    assert shapely.hausdorff_distance(rows[0]["geometry"], shapely.box(7.75, 55.45, 7.95, 55.55)) < 1e-3
    assert done.layers[0].simulated and "(simulated)" in done.layers[0].title and done.report["simulated"]
    assert done.report["figures"]["replies_cut"] == {"reply.json": "4 of 7 features: the reply of the service was cut"}


@pytest.mark.parametrize("form", ["GeoJSON", "CSV"])
def test_other_formats_hold_the_same(form: str, shared: Path, tmp_path: Path) -> None:
    source = shared / DATA / "source_databases_csv/database_AUS.csv"
    area = "POLYGON ((150.5 -34, 151 -34, 151 -33.3, 150.5 -33.3, 150.5 -34))"
    plain, other = _run(source, tmp_path / "gpkg", aoi=area), _run(source, tmp_path / form, output_format=form, aoi=area)
    wanted = [
        row for row in table(source) if shapely.from_wkt(area).intersects(shapely.Point(float(row["longitude"]), float(row["latitude"])))
    ]
    path = other.layers[0].path
    if form == "CSV":
        rows = table(path)
        assert [shapely.from_wkt(row["wkt"]).x for row in rows] == [float(row["longitude"]) for row in wanted]
        names = [row["name"] for row in rows]
    else:
        features = json.loads(path.read_text("utf-8"))["features"]
        names = [feature["properties"]["name"] for feature in features]
        assert "World Resources Institute" in json.loads(path.read_text("utf-8"))["attribution"]
    assert names == [row["name"] for row in rows_of(plain)] == [row["name"] for row in wanted] != []
    assert other.layers[1].kind == "table" and other.layers[1].path.suffix == path.suffix
    assert plain.report["figures"]["outside_the_area"] == plain.report["figures"]["read"] - len(wanted)


def test_flags_are_described_and_those_described_are_raised(root: Path) -> None:
    import tomllib

    said = set(tomllib.loads((root / TABLE).read_text("utf-8"))["flags"])
    code = "".join((root / f"processing/vector/_{name}_energy.py").read_text("utf-8") for name in ("check", "read"))
    raised = set(re.findall(r'(?:doubt\(\s*|\[\(|append\(\()"(\w+)"', code))
    assert raised == said


def test_units_of_several_runs_stay_apart(shared: Path, tmp_path: Path, graph_of: Any) -> None:
    """The first unit of one country's table is not that of another's; and a run again says the same of the same."""
    said = []
    for number, name in enumerate(("Austria", "Italy", "")):
        done = _run(shared / DATA / f"raw_source_files/WRI/{name and name + '.csv'}", tmp_path / str(number))
        graph = graph_of(map_source(read_rules(rules("energy")), done.layers[0].path, variables={}))
        said.append({(str(one), str(graph.value(one, RDFS.label))) for one in graph.subjects(RDF.type, EW.PowerUnit)})
    austria, italy, both = said
    assert not {one for one, _ in austria} & {one for one, _ in italy}
    assert austria | italy == both
    assert len({one for one, _ in both}) == len(both) > 300


def test_units_whose_id_is_not_theirs_alone_are_known_by_their_row(units: Rows) -> None:
    for source in ("jrc-ppdb", "gppd", "wri"):
        keys = [row["key"] for row in units if row["source"] == source]
        assert len(set(keys)) == len(keys)
    assert all((row["key"] == row["unit_id"]) is (bool(row["unit_id"]) and "duplicate_id" not in (row["flags"] or "")) for row in units)


def test_rules_say_what_is_doubted(shared: Path, tmp_path: Path, graph_of: Any) -> None:
    done = _run(shared / DATA / "raw_source_files/WRI", tmp_path)
    run, units = map_source(read_rules(rules("energy")), done.layers[0].path, variables={}), rows_of(done)
    graph = graph_of(run)
    placed = [row for row in units if row["geometry"] is not None]
    assert len(set(graph.subjects(RDF.type, EW.PowerUnit))) == len(placed)
    total = sum(float(value) for value in graph.objects(None, EW.capacity))
    assert total == pytest.approx(sum(row["capacity_mw"] for row in placed if row["capacity_mw"] == row["capacity_mw"]))
    assert len(set(graph.subjects(EW.doubt, None))) == sum(bool(row["flags"]) for row in placed)
    row = next(row for row in placed if row["name"] == "Neuötting")
    (one,) = (subject for subject in graph.subjects(RDFS.label, Literal("Neuötting")) if (subject, RDF.type, EW.PowerUnit) in graph)
    assert graph.value(one, EW.doubt) == Literal(row["flags"]) and graph.value(one, RDFS.comment) == Literal(row["reason"])
    assert (graph.value(one, EW.energyType), graph.value(one, EW.countryCode)) == (Literal("hydro"), Literal("AT"))
    assert graph.value(graph.value(one, DCTERMS.isPartOf), RDF.type) == EW.PowerPlant
    assert run.report.skipped == len(units) - len(placed)
    years = {value.datatype for value in graph.objects(None, EW.commissioningYear)}
    assert years == {XSD.gYear}


def test_mapped_units_are_valid(shared: Path, tmp_path: Path, graph_of: Any) -> None:
    done = _run(shared / DATA / "raw_source_files/WRI/Austria.csv", tmp_path)
    graph = graph_of(map_source(read_rules(rules("energy")), done.layers[0].path, variables={}))
    assert len(set(graph.subjects(RDF.type, EW.PowerUnit))) > 100 and validate(graph) == ()


@pytest.mark.parametrize("form", ["GPKG", "GeoJSON", "CSV"])
def test_a_reply_may_hold_anything(form: str, tmp_path: Path) -> None:
    def feature(geometry: Any, **said: Any) -> dict[str, Any]:
        return {
            "type": "Feature",
            "id": "w",
            "geometry": geometry,
            "properties": {"n_turbines": 5, "power_mw": 50, "status": "Production", **said},
        }

    place, deep = {"type": "Point", "coordinates": [7.0, 54.0]}, {"type": "Point", "coordinates": [7.0, 54.0]}
    for _ in range(300):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    features = [
        feature(place, name="\ud800half"), feature(place, power_mw=10**400), feature(place, power_mw=[1]), feature(deep), feature("POINT"),
        feature({"type": "Point", "coordinates": ["a", 1]}), *({**feature(place), "properties": said} for said in ([1], 5, [[]], "text")),
    ]  # fmt: skip
    (tmp_path / "wfs.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    figures = _run(tmp_path / "wfs.geojson", tmp_path / "out", output_format=form).report["figures"]
    assert (figures["units"], figures["with_place"]) == (10, 7)
    assert (figures["flags"]["no_place"], figures["flags"]["bad_capacity"], figures["flags"]["no_capacity"]) == (3, 2, 4)


def test_boundaries_lead_nowhere(tmp_path: Path) -> None:
    """A GeoJSON file may name its CRS by an address, which GDAL fetches."""
    (tmp_path / "good.csv").write_text(GPPD + "AUT,Austria,Good,A1,10,47.21,12.05,Hydro,1990,,\n")
    outline = {"type": "Feature", "properties": {"code": "AT"}, "geometry": json.loads(shapely.to_geojson(shapely.box(9, 46, 17, 49)))}
    asked: list[Any] = []
    with socketserver.TCPServer(("127.0.0.1", 0), lambda request, *_: asked.append(request)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        crs = {"type": "link", "properties": {"href": f"http://127.0.0.1:{server.server_address[1]}/crs", "type": "ogcwkt"}}
        features = [{**outline, "geometry": None}, outline]
        (tmp_path / "b.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
        [row] = rows_of(_run(tmp_path / "good.csv", tmp_path / "out", boundaries=tmp_path / "b.geojson"))
        server.shutdown()
        thread.join()
    assert asked == []
    assert (row["country"], row["flags"]) == ("AT", None)


def test_bad_input_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    cases = {
        "other.csv": b"a,b\n1,2\n",
        "latin.csv": (GPPD + "AUT,Austria,D\u00fcrnrohr,A,1,47,12,Hydro,,,\n").encode("latin-1"),
        "x.geojson": b"{",
        "deep.geojson": b"[" * 100_000,
        "x.xlsx": b"PK",
        "empty.csv": b"",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ProductError, match=f"input = {name}") as caught:
            _run(tmp_path / name, tmp_path / "out")
        assert caught.value.why and caught.value.way_out
    with pytest.raises(ProductError, match=r"input = nowhere\.csv"):
        _run(tmp_path / "nowhere.csv", tmp_path / "out")
    (tmp_path / "good.csv").write_text(GPPD + "AUT,Austria,Good,A1,10,47.21,12.05,Hydro,1990,,\n")
    with pytest.raises(ProductError, match="of a known source emodnet"):
        _run(tmp_path / "good.csv", tmp_path / "out", source="emodnet")
    with pytest.raises(ProcessingError, match="no power plants in the area"):
        _run(tmp_path / "good.csv", tmp_path / "out", aoi="POLYGON ((0 0, 1 0, 1 1, 0 0))")
    (tmp_path / "b.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "vrt.geojson").write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='good'><SrcDataSource>good.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    for name in ("b.geojson", "x.geojson", "other.csv", "vrt.geojson", "gone.gpkg"):
        with pytest.raises(ParameterError, match=f"boundaries = {name} cannot be used"):
            _run(tmp_path / "good.csv", tmp_path / "out", boundaries=tmp_path / name)
    assert list((tmp_path / "out").iterdir()) == []
