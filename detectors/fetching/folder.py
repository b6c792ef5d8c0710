"""Where checkpoints belong, and how one that is missing gets there."""

import os
from collections.abc import Iterator
from pathlib import Path

from datasets.files import cache_root

from ..cards import Weights


def weights_root() -> Path:
    """The folder for published checkpoints: `AVDF_WEIGHTS`, else `weights` in the cache folder."""
    override = os.environ.get("AVDF_WEIGHTS")
    return Path(override).expanduser() if override else cache_root() / "weights"


def hub_cache() -> Path:
    """The user's Hugging Face cache, `HF_HUB_CACHE` or `HF_HOME/hub`."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def how_to_get(weights: Weights, name: str | None = None) -> str:
    """What to do about a checkpoint that is missing, in a phrase."""
    command = f"run `python -m detectors fetch {name_for(weights, name)}`"
    zipped = archive_of(weights)
    if zipped and zipped.is_file():
        return f"{command}, which unpacks {zipped.name}"
    if zipped:
        return f"download {drive_link(weights)} with a browser, put it there as {zipped.name}, and {command}"
    if weights.drive:
        return f"download {drive_link(weights)} with a browser and put it there"
    return command if weights.url or weights.hub else f"it comes from {weights.source}; put it there"


def archive_of(weights: Weights) -> Path | None:
    """The zip file that a browser's download is, when the checkpoint is in a folder; it is named like that folder."""
    folder = weights.file.rpartition("/")[0]
    return weights_root() / f"{folder}.zip" if weights.drive and folder else None


def drive_link(weights: Weights) -> str:
    """The page that a browser downloads a checkpoint from."""
    drive = str(weights.drive)
    return (
        f"https://{drive.removeprefix('https://')}" if "/" in drive else f"https://drive.google.com/file/d/{drive}/view"
    )


def name_for(weights: Weights, name: str | None = None) -> str:
    """What a command is given for a checkpoint: the encoder's name, or the scratch file that registers it.

    Args:
        name: the encoder that wants it, tags included; by default the first one that uses it.
    """
    from ..registry import registry
    from ..tags import split

    known = registry().encoders
    found = name or _first_name(weights)
    entry = known.get(split(found)[0])
    return entry.module if entry and "/" in entry.module else found


def users(*, variants: bool = True) -> Iterator[tuple[str, Weights]]:
    """Every encoder with its checkpoint, by name, and with `variants` its other forms that have one."""
    from ..registry import registry

    for name, entry in sorted(registry().encoders.items()):
        forms = [(name, entry.card.weights)]
        if variants:
            forms += [(f"{name}.{variant.tag}", variant.changes.get("weights")) for variant in entry.card.variants]
        yield from ((form, weights) for form, weights in forms if weights is not None)


def _first_name(weights: Weights) -> str:
    """An encoder that uses a checkpoint, or `NAME`; with its tag where only another form of one does."""
    names = [name for name, used in users() if used == weights]
    return next((name for name in names if "." not in name), names[0] if names else "NAME")
