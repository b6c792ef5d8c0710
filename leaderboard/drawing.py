"""What pictures share: how they are saved, their colours, and the notice inside those of simulated data."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from datasets.files import atomic_path

from .tables import NOTICE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 9.0
"""Of a picture in inches; a page is narrower, so that 8 pt are read as about 6."""
BLUE, VERMILION = "#0072B2", "#D55E00"
"""Okabe and Ito's, which are told apart with any colour vision."""
_SUFFIXES = (".png", ".svg")
_LINE = 150


def save(path: Path, height: float, data: str, paint: Callable[["Figure"], None], foot: str = "") -> None:
    """Paint a figure of `height` inches and write it as PNG or SVG; the same figure gives the same bytes.

    Args:
        path: its suffix chooses the format; folders that are missing are made.
        height: in inches.
        data: `sim` puts the notice below.
        paint: draws on the figure.
        foot: lines that stand below too.

    Raises:
        ValueError: another suffix.
    """
    from matplotlib.figure import Figure

    if path.suffix not in _SUFFIXES:
        raise ValueError(f"{path}: pictures are PNG or SVG; name a file that ends with {' or '.join(_SUFFIXES)}")
    below = [text for text in (foot, fill(NOTICE, _LINE) if data == "sim" else "") if text]
    with style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(figure)
        if below:
            figure.supxlabel("\n".join(below), fontsize=7, style="italic")
        write(figure, path, dpi=110)


def style(**more: Any) -> AbstractContextManager[None]:
    """Settings under which every picture is made and written, with `more` of matplotlib's."""
    import matplotlib as mpl

    settings: Any = {"svg.hashsalt": "avdf-bench", "font.size": 8} | more
    return mpl.rc_context(settings)


def write(figure: "Figure", path: Path, dpi: int) -> None:
    """Write a figure whole or not at all, without the date or program that would change its bytes."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None})
