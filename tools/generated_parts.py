"""Write anew what is generated: scores of past cases in README and model card, the shipped parameters, the area's record.

python tools/generated_parts.py scenarios/backtests/scores.csv README.md MODEL_CARD.md data/nw_syria
"""

from __future__ import annotations

import sys
from pathlib import Path

from displacement.io import parameters
from displacement.io.errors import InputError
from displacement.report import backtest, fitted, marked, record


def main(kept: Path, readme: Path, card: Path, area: Path) -> None:
    scores = backtest.read_scores(kept)
    for text in (readme, card):
        marked.update(text, backtest.MARK, backtest.markdown(scores))
    record.write(record.of_scores(scores), area)
    marked.update(card, fitted.MARK, fitted.markdown(parameters.read(parameters.SHIPPED)))


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except InputError as error:
        sys.exit(str(error))
