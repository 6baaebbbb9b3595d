"""`python -m contracts`."""

from contracts.commands import main

main()
