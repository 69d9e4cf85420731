"""Write the part of texts between `<!-- backtest -->` and `<!-- /backtest -->` anew from kept scores.

python tools/backtest_tables.py scenarios/backtests/scores.csv README.md MODEL_CARD.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from displacement.io.errors import InputError
from displacement.report.backtest import read_scores, update


def main(kept: Path, *texts: Path) -> None:
    scores = read_scores(kept)
    for text in texts:
        update(text, scores)


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except InputError as error:
        sys.exit(str(error))
