"""`python -m contracts`."""

from contracts.commands.cli import main

main()
