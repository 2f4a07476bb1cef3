"""`python -m muniment`: the command line without an installed script."""

from muniment.cli import main

main()
