"""`python -m jitney`."""

import sys

from jitney.cli import main

sys.exit(main())
