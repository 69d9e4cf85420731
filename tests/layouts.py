"""Small folders in the layout of the field's agent model; nothing in them exists."""

from __future__ import annotations

from pathlib import Path

LOCATIONS = """#name,region,country,latitude,longitude,location_type,conflict_date,population
A,north,Home,1.0,1.0,conflict_zone,0,300
B,south,Home,1.0,2.0,conflict_zone,0,100
C,south,Home,1.0,1.5,town,0,0
X,x,East,2.0,1.0,camp,0,0
Y,y,West,2.0,2.0,camp,0,0
"""
ROUTES = """#name1,name2,distance,forced_redirection
A,C,30,0
B,C,60,0
C,X,30,0
C,Y,90,0
B,Y,60,0
"""
CLOSURES = "#closure_type,name1,name2,closure_start,closure_end\n"
PERIOD = "StartDate,2030-01-01\nLength,6\n"
LAYOUT = "total,total.csv\nX,x.csv\nY,y.csv\n"
X = "2030-01-01,100\n2030-01-02,400\n2030-01-03,200\n"
Y = "2030-01-01,100\n2030-01-02,200\n2030-01-03,100\n"
FILES = {
    "input_csv/locations.csv": LOCATIONS,
    "input_csv/routes.csv": ROUTES,
    "input_csv/closures.csv": CLOSURES,
    "input_csv/sim_period.csv": PERIOD,
    "source_data/data_layout.csv": LAYOUT,
    "source_data/total.csv": "2030-01-01,200\n",
    "source_data/x.csv": X,
    "source_data/y.csv": Y,
}


def layout(folder: Path, changed: dict[str, str | None] | None = None) -> Path:
    """Write the small network of three places and two camps, with some files changed; None leaves one out."""
    for name, text in (FILES | (changed or {})).items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder
