"""Ring 1: digits and where they come from. Of ring 0 it needs the random streams only."""
