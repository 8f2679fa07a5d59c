"""Ring 1: digits and where they come from. It knows the network (ring 0) not at all."""
