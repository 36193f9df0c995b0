"""Pure float64 geometry: no input, no output, no torch."""
