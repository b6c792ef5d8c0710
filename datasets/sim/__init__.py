"""The embedded corpus: procedural talking faces with planted manipulations."""
