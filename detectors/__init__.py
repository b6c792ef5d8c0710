"""Who is measured: encoders, heads and whole detectors."""
