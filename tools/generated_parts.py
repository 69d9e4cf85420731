"""Write the generated parts of README and model card anew: scores of past cases, and the shipped parameters.

python tools/generated_parts.py scenarios/backtests/scores.csv README.md MODEL_CARD.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from displacement.io import parameters
from displacement.io.errors import InputError
from displacement.report import backtest, fitted, marked


def main(kept: Path, readme: Path, card: Path) -> None:
    scores = backtest.markdown(backtest.read_scores(kept))
    for text in (readme, card):
        marked.update(text, backtest.MARK, scores)
    marked.update(card, fitted.MARK, fitted.markdown(parameters.read(parameters.SHIPPED)))


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except InputError as error:
        sys.exit(str(error))
