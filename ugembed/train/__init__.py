"""Training: stages say what a step is, the trainer loops, checkpoints hold what must be restored."""
