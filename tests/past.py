"""An invented past case with its scores, as `evaluate.backtest` hands them on."""

import datetime as dt

import numpy as np
import pandas as pd
import xarray as xr

BASELINES = ("B1", "B2", "B3", "B4")
FIGURES = [
    ("displaced_cum", "people", "2021-03-05", "", "", "fitted", 10_000.0, 8_000.0, 12_000.0, "whole area"),
    ("displaced_cum", "people", "2021-03-10", "", "", "checked", 40_000.0, np.nan, np.nan, "whole area"),
    ("departures_cum", "people", "2021-03-10", "Ash", "", "checked", 30_000.0, np.nan, np.nan, "of Ash"),
    ("departures_cum", "people", "2021-03-10", "Birch", "", "checked", 10_000.0, np.nan, np.nan, "of Birch"),
    ("arrivals_cum", "movements", "2021-03-10", "Ash", "Elm", "shares", 600.0, np.nan, np.nan, "a survey"),
    ("arrivals_cum", "movements", "2021-03-10", "Ash", "Fir", "shares", 400.0, np.nan, np.nan, "a survey"),
    ("remaining", "people", "2021-03-14", "", "", "checked", 20_000.0, np.nan, np.nan, "whole area"),
    ("displaced_cum", "people", "2021-02-20", "", "", "listed", 500.0, np.nan, np.nan, "before <the> run"),
]
"""kind, unit, date, origin, destination, role, observed, low, high, scope."""
RATIO = [0.5, 0.5, 1.0, 3.0, 2.0, 0.5, 2.0, np.nan]
"""Of each figure, the middle estimate over the observed one; nothing of the listed one."""
SPREAD = {1: [1.0], 5: [0.5, 0.8, 1.0, 1.25, 2.0]}
"""Members around the middle, by their number."""


def case(name="case_a", members=5, population="central", use="calibration", **attrs) -> xr.Dataset:
    columns = list(zip(*FIGURES, strict=True))
    observed = np.array(columns[6])
    middle = observed * RATIO
    days = np.datetime64("2021-03-01", "ns") + np.arange(20) * np.timedelta64(1, "D")
    rise = np.minimum(np.arange(20) / 10.0, 1.0) * 40_000.0
    beside = np.full((4, len(FIGURES)), np.nan)
    beside[0], beside[3, 1] = observed * 1.5, 12_000.0
    text = dict(zip(("kind", "unit"), columns[:2], strict=True)) | {
        "origin": columns[3],
        "destination": columns[4],
        "role": columns[5],
        "scope": columns[9],
        "source": ["report & <b>more</b>, https://example.org/a?b=1&c=2"] * len(FIGURES),
        "confidence": ["high"] * len(FIGURES),
    }
    dated = {"since": ["2021-03-01"] * len(FIGURES), "date": columns[2]}
    return xr.Dataset(
        {
            "observed": ("figure", observed),
            "observed_low": ("figure", np.array(columns[7])),
            "observed_high": ("figure", np.array(columns[8])),
            "reported": (("figure", "member"), middle[:, None] * SPREAD[members]),
            "baselines": (("baseline", "figure"), beside),
            "displaced": (("day", "member"), rise[:, None] * SPREAD[members]),
        },
        coords={name: ("figure", list(values)) for name, values in text.items()}
        | {name: ("figure", np.array(values, dtype="datetime64[ns]")) for name, values in dated.items()}
        | {"line": ("figure", 2 + np.arange(len(FIGURES))), "baseline": list(BASELINES), "day": days},
        attrs={
            "case": name,
            "title": f"The events of {name} | invented",
            "condition": "fronts moved as invented",
            "use": use,
            "fit_until": dt.date(2021, 3, 6).isoformat(),
            "note": "Nothing here is real & <all> invented.",
            "members": members,
            "seed": 7,
            "parameters": "priors",
            "population": population,
        }
        | attrs,
    )


def scores(cases, factor=2.0, coverage=0.75, width=4.0, skill=-0.25) -> pd.DataFrame:
    """Scores as given, the same of every case and of all."""
    names = [*((one.attrs["case"], one.attrs["use"]) for one in cases), ("all", "all")]
    measures = [
        ("factor", "1", 2, factor, [1.5, np.nan, np.nan, 3.3], np.nan, ""),
        ("worst factor", "1", 2, factor * 2, [1.5, np.nan, np.nan, 3.3], np.nan, ""),
        ("CRPS", "log", 5, 0.4, [0.4, np.nan, np.nan, 1.2], np.nan, "each on its own figures"),
        ("CRPS on B1's figures", "log", 5, 0.5, [0.4, np.nan, np.nan, np.nan], skill, ""),
        ("CRPS on B4's figures", "log", 1, 0.3, [np.nan, np.nan, np.nan, 1.2], 0.75, ""),
        ("coverage", "1", 4, coverage, [np.nan] * 4, np.nan, ""),
        ("width", "1", 4, width, [np.nan] * 4, np.nan, ""),
        ("remaining share", "1", 1, 0.1, [np.nan] * 4, np.nan, ""),
    ]
    rows = [
        {
            "case": name, "use": use, "role": "all", "measure": measure, "unit": unit, "figures": figures,
            "model": model, **dict(zip(BASELINES, beside, strict=True)), "skill": better, "note": note,
        }
        for name, use in names
        for measure, unit, figures, model, beside, better, note in measures
    ]  # fmt: skip
    return pd.DataFrame(rows)


def planning() -> pd.DataFrame:
    """One planning figure, as `evaluate.backtest.planning` returns it."""
    return pd.DataFrame(
        [
            {
                "case": "case_a",
                "until": "2021-03-10",
                "made": "2021-02",
                "what": "contingency plan <A>",
                "kind": "before the event",
                "figure": 90_000.0,
                "observed": 40_000.0,
                "figure_over_observed": 2.25,
                "model_p10": 10_000.0,
                "model_p50": 20_000.0,
                "model_p90": 30_000.0,
                "model_over_observed": 0.5,
                "observed_what": "left home",
                "source": "a plan & more",
                "confidence": "low",
            }
        ]
    )
