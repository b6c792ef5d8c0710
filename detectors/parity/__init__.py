"""A port held against the features that the original code gave with the same weights."""
