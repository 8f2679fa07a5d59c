"""Ring 1: pictures, from the bytes of a file to the 28 x 28 pixels of each digit."""
