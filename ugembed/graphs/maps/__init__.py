"""What a map says: readers of every kind of map file, all giving a `CityMap`."""
