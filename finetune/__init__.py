"""Data sets, training, evaluation, calibration and promotion of adapters."""
