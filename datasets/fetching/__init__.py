"""Fetching files: downloads that continue and are held against a hash, pins, and archives that are not trusted."""
