"""Tables of image points in every format: which columns they have, and their rows."""
