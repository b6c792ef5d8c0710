"""Checkpoint files of published encoders: which there are, where they are on this machine, how they get there."""
