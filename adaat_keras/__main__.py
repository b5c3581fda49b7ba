"""`python -m adaat_keras`: the command line."""

import sys

from adaat_keras.cli import main

sys.exit(main())
