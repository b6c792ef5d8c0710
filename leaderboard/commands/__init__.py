"""The leaderboard's commands, a module each; see `python -m leaderboard --help`.

A module has `add(commands)`, which adds its parser and sets `run` on it: a function from the parsed options to the exit
status. Commands may join other packages, as `conftest.py` does for pytest; the rest of this package imports none.
"""
