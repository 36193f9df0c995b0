"""A whole synthetic city, its street views and its questions, as a pure function of a seed and a size."""
