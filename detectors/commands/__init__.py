"""The detectors' commands, a module each; see `python -m detectors --help`.

A module has `add(commands)`, which adds its parsers and sets `run` on each: a function from the parsed options to the
exit status.
"""
