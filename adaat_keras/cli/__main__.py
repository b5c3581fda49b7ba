"""`python -m adaat_keras.cli`: the command line, as `python -m adaat_keras`."""

import sys

from adaat_keras.cli import main

sys.exit(main())
