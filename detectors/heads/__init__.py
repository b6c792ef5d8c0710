"""Heads on frozen features, one module each; a module dropped in here registers itself."""
