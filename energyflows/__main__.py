"""``python -m energyflows`` is the command line."""

from energyflows.cli import main

main()
