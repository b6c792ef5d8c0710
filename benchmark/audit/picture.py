"""The audit's picture: signals by AUC with their intervals, a panel a split."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.drawing import BLUE, VERMILION, save

from .run import Audit
from .splits import Finding, Split
from .text import headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = {
    "not explained": (VERMILION, "o", True),
    "explained": (BLUE, "s", True),
    "planted": (BLUE, "D", True),
    "perhaps chance": ("0.25", "o", False),
    "includes 50": ("0.65", "o", True),
}
"""Colour, marker, and whether it is filled, by what a signal is."""
_FOOT = (
    "One signal alone against the labels: AUC in % with its 95 % interval over identities. Filled: excludes 50 after "
    "Holm's correction.\nHollow: excludes 50 without it. Names that have clips of both classes are not drawn."
)


def kind_of(one: Finding) -> str:
    """What a signal is, of `_STYLES`."""
    if not one.tells:
        return "includes 50"
    if one.why:
        return "planted" if one.why.startswith("planted") else "explained"
    return "not explained" if one.holds else "perhaps chance"


def draw(audit: Audit, path: Path) -> None:
    """Write the picture as PNG or SVG, by the suffix; the same audit gives the same bytes.

    Raises:
        ValueError: no split has both classes, so that there is nothing to draw.
    """
    splits = [split for split in audit.splits if _drawn(split)]
    if not splits:
        raise ValueError(f"{audit.name} has no split with both classes, so that there is nothing to draw")
    names = _order(splits)

    def paint(figure: "Figure") -> None:
        panels = figure.subplots(1, len(splits), sharex=True, sharey=True, squeeze=False)[0]
        used: dict[str, Any] = {}
        for axes, split in zip(panels, splits, strict=True):
            _panel(axes, split, names, used)
        order = [kind for kind in _STYLES if kind in used]
        handles = [used[kind] for kind in order]
        figure.legend(handles, order, loc="outside upper right", ncols=len(order), frameon=False)
        figure.suptitle(f"Audit of {audit.name}{', ' + audit.source if audit.data == 'sim' else ''}", x=0.01, ha="left")
        panels[0].set_yticks(range(len(names)), names)
        panels[0].set_ylim(len(names) - 0.4, -0.6)

    save(path, 1.6 + 0.19 * len(names), audit.data, paint, _FOOT)


def _drawn(split: Split) -> list[Finding]:
    return [one for one in split.tried if one.standing and (one.standing.auc >= 0.5 or not one.standing.one_sided)]


def _order(splits: list[Split]) -> list[str]:
    """Signals, the strongest of any split first."""
    strongest: dict[str, float] = {}
    for one in (one for split in splits for one in _drawn(split)):
        strength = one.standing.strength if one.standing else 0.0
        strongest[one.signal] = max(strongest.get(one.signal, 0.0), strength)
    return sorted(strongest, key=lambda name: -strongest[name])


def _panel(axes: "Axes", split: Split, names: list[str], used: dict[str, Any]) -> None:
    axes.axvline(50, color="0.6", lw=0.8, ls=":")
    for one in _drawn(split):
        if one.standing is None:
            continue
        kind, y = kind_of(one), names.index(one.signal)
        colour, marker, filled = _STYLES[kind]
        axes.plot([100 * one.standing.lo, 100 * one.standing.hi], [y, y], color=colour, lw=1.2, alpha=0.6)
        face = colour if filled and (one.holds or not one.tells) else "white"
        (dot,) = axes.plot([100 * one.standing.auc], [y], marker, color=colour, mfc=face, ms=4, ls="none")
        if kind not in used or one.holds:
            used[kind] = dot
    size = headline(split).partition(";")[0].partition(": ")[2]
    axes.set_title(f"{split.name}: {size}", fontsize=8, loc="left")
    axes.set_xlim(-1, 101)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.93", lw=0.6)
    axes.set_axisbelow(True)
