"""`python -m displacement.cli`."""

import sys

from displacement.cli import main

sys.exit(main())
