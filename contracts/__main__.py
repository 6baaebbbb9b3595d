"""`python -m contracts`."""

from notte_contracts import main

main()
