"""AV-Deepfake1M (Cai et al., ACM MM 2024): words replaced in clips of VoxCeleb2, four variants of each clip.

A file is `<id>/<youtube id>/<clip>/<variant>.mp4`, so identity, source video and source clip are read from it. The
official train and val share identities, videos and clips; that is for the audit to say. `method` is the model of the
audio, None where that is untouched. See `datasets.importing.deepfake1m` for labels and segments.
"""

import re

from ...clip import Clip
from ...errors import DatasetError
from .. import deepfake1m
from ..entries import Entry
from ..tree import Tree

MARKS = deepfake1m.MARKS
_FILE = re.compile(r"(id\d+)/([^/]+)/([^/]+)/[^/]+")


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `train_metadata.json`, `val_metadata.json` or `test_files.txt` is in the root.

    Raises:
        DatasetError: it is AV-Deepfake1M++.
    """
    if any("/vox_celeb_2/" in path for path in tree.files):
        raise DatasetError(f"{tree.root} is AV-Deepfake1M++; import it as av1mpp")
    return deepfake1m.read(tree, deepfake1m.Release("av1m", _relations, _method))


def _relations(tree: Tree, where: str, path: str) -> dict[str, str | None]:
    match = _FILE.fullmatch(path)
    if match is None:
        tree.findings.warning(
            "unexpected_name", where, path, "not id/video/clip/variant.mp4: identity and source unknown"
        )
        return {}
    identity, video, clip = match.groups()
    return {"identity": identity, "source": f"{identity}/{video}", "pair": f"{identity}/{video}/{clip}"}


def _method(entry: Entry) -> str | None:
    return entry.text("audio_model")
