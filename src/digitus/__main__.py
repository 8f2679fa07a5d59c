"""`python -m digitus` is the program `digitus`."""

from digitus.cli import main

main()
