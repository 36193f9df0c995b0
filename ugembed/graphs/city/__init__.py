"""A whole city as arrays, and the neighbourhood of one picture cut out of it."""
