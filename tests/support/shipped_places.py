"""The places that ship, as their files say, and what breaks a promise that all of them keep."""

import csv
from collections import Counter
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "infra" / "db" / "shipped"
HEADERS = {
    "layers.csv": "layer,rank,title",
    "areas.csv": "layer,code,name,valid_from,valid_to,residents,residents_source",
    "lookups.csv": "from_layer,from_code,to_layer,to_code,valid_from,valid_to",
    "aliases.csv": "kind,alias,layer,code,provenance",
}
RANKS = {"lsoa-2021": 10, "ward-2014": 20, "ward-2026": 21, "zone": 30, "city": 40}
VINTAGES = {"ward-2014": ("2014-05-22", "2026-05-06"), "ward-2026": ("2026-05-07", "")}
LAYERS_OF_ALIASES = {"code": {"lsoa-2021"}, "name": set(VINTAGES)}

Row = dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


class Places:
    """One set of places, read anew at each question."""

    def __init__(self, slug: str) -> None:
        self.folder = SHIPPED / slug

    def rows(self, name: str) -> list[Row]:
        """Return the rows of one of its files."""
        return read_rows(self.folder / name)

    def areas(self) -> dict[tuple[str, str], Row]:
        """Return areas by layer and code."""
        return {(row["layer"], row["code"]): row for row in self.rows("areas.csv")}

    def names(self, layer: str) -> dict[str, str]:
        """Return a layer's names by code."""
        return {code: row["name"] for (of, code), row in self.areas().items() if of == layer}

    def residents(self, layer: str) -> dict[str, int]:
        """Return a layer's residents by code, without the areas that have no figure."""
        return {
            code: int(row["residents"]) for (of, code), row in self.areas().items() if of == layer and row["residents"]
        }

    def lookup(self, from_layer: str, to_layer: str) -> list[tuple[str, str]]:
        """Return which code leads to which, in the order of the file."""
        return [
            (row["from_code"], row["to_code"])
            for row in self.rows("lookups.csv")
            if (row["from_layer"], row["to_layer"]) == (from_layer, to_layer)
        ]

    def sums(self, layer: str) -> dict[str, int]:
        """Return how many residents the small areas of each area have together."""
        small = self.residents("lsoa-2021")
        found: Counter[str] = Counter()
        for code, above in self.lookup("lsoa-2021", layer):
            found[above] += small[code]
        return dict(found)

    def unplain(self, name: str, header: str) -> list[str]:
        """Return what keeps a file from being plain CSV with its rows in order, each once."""
        raw = (self.folder / name).read_bytes()
        rows = [tuple(row.values()) for row in self.rows(name)]
        keys = [int(row[1]) for row in rows] if name == "layers.csv" else rows
        faults = {
            "a carriage return": b"\r" in raw,
            "no end of the last line": not raw.endswith(b"\n"),
            "another header": raw.decode("utf-8").split("\n", 1)[0] != header,
            "space around a cell": any(cell != cell.strip() for row in rows for cell in row),
            "a row twice": len(set(rows)) != len(rows),
            "rows out of order": keys != sorted(keys),
        }
        return [fault for fault, found in faults.items() if found]

    def wrongly_dated(self) -> list[Row]:
        """Return areas and lookups whose dates are not those of the one vintage of wards they touch."""
        wrong = []
        for row in self.rows("areas.csv") + self.rows("lookups.csv"):
            dates = (row["valid_from"], row["valid_to"])
            layers = {row.get("layer", ""), row.get("from_layer", ""), row.get("to_layer", "")} & VINTAGES.keys()
            right = [VINTAGES[layer] for layer in layers] or [("", "")]
            if [dates] != right:
                wrong.append(row)
        return wrong

    def bad_lookups(self) -> list[Row]:
        """Return lookups from or to an area that is not there, or not to a coarser layer."""
        areas = self.areas()
        return [
            row
            for row in self.rows("lookups.csv")
            if (row["from_layer"], row["from_code"]) not in areas
            or (row["to_layer"], row["to_code"]) not in areas
            or RANKS[row["from_layer"]] >= RANKS[row["to_layer"]]
        ]

    def doubled_lookups(self) -> list[tuple[str, str, str]]:
        """Return from where, and to which layer, more than one lookup leads."""
        seen = Counter((row["from_layer"], row["from_code"], row["to_layer"]) for row in self.rows("lookups.csv"))
        return [key for key, times in seen.items() if times > 1]

    def areas_outside(self, city: str) -> set[tuple[str, str]]:
        """Return the areas, but for the city itself, from which no lookup leads to it."""
        inside = {(layer, code) for layer in RANKS for code, above in self.lookup(layer, "city") if above == city}
        return self.areas().keys() - inside - {("city", city)}

    def bad_aliases(self) -> list[Row]:
        """Return aliases of an area that is not there or of a layer not meant for them, or said twice."""
        areas = self.areas()
        rows = self.rows("aliases.csv")
        seen = Counter((row["kind"], row["alias"].casefold(), row["code"]) for row in rows)
        return [
            row
            for row in rows
            if (row["layer"], row["code"]) not in areas
            or row["layer"] not in LAYERS_OF_ALIASES[row["kind"]]
            or seen[row["kind"], row["alias"].casefold(), row["code"]] > 1
        ]

    def aliases_like_names(self) -> list[Row]:
        """Return aliases that are also the name of an area in their layer."""
        named = {(layer, row["name"].casefold()) for (layer, _), row in self.areas().items()}
        return [
            row
            for row in self.rows("aliases.csv")
            if row["kind"] == "name" and (row["layer"], row["alias"].casefold()) in named
        ]

    def what_belongs_to(self, zone: str, name: str) -> list[Row]:
        """Return lookups to a zone, and aliases that stand for it or have its name."""
        lookups = [row for row in self.rows("lookups.csv") if row["to_code"] == zone]
        aliases = [
            row for row in self.rows("aliases.csv") if row["code"] == zone or row["alias"].casefold() == name.casefold()
        ]
        return lookups + aliases
