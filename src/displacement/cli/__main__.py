"""`python -m displacement.cli`."""

import sys

from displacement.cli import program

sys.exit(program())
