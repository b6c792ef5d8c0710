"""The commands of `python -m datasets` on real data sets, one module each with `add(commands)`."""
