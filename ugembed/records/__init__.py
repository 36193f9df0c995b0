"""What a line of data is: items, training pairs, ranking cases, and the files they are read from."""
