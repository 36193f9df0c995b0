"""Vectors of items: made once each, kept with their provenance, searched exactly."""
