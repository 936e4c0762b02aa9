"""Data sets, models, training, cross-validation and metrics."""
