"""Orders in which rows are seen, one file each; an order is a pure function of (seed, epoch)."""
