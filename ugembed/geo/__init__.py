"""Pure float64 geometry on the sphere: no input, no output, no torch."""
