"""AV-Deepfake1M++ (Cai et al., arXiv 2507.20579, 2025): as AV-Deepfake1M, from three corpora, partly perturbed.

A file is `vox_celeb_2/<id>/<youtube id>/<clip>/<name>.mp4`, `lrs3/<video>/<clip>/<name>.mp4` or
`silent_videos/subject_<n>_<...>/<name>.mp4`. Identities carry their corpus, as in `vox2:id00012`; sources and pairs are
named as VoxCeleb2, LRS3 and AV-Deepfake1M name them, so that equal names are the same recordings. A name that ends in
`_p<k>` is a perturbed part of a clip, and says nothing of the label. The test splits (`testA`, `testB`) have no labels.
`method` joins the models of video and audio with `+`.
"""

import re

from ...clip import Clip
from ...errors import DatasetError
from .. import deepfake1m
from ..entries import Entry
from ..tree import Tree

MARKS = deepfake1m.MARKS
CORPORA = {
    "vox_celeb_2": re.compile(r"(?P<pair>(?P<source>(?P<identity>id\d+)/[^/]+)/[^/]+)/[^/]+"),
    "lrs3": re.compile(r"(?P<pair>(?P<source>(?P<identity>[^/]+))/[^/]+)/[^/]+"),
    "silent_videos": re.compile(r"(?P<pair>(?P<source>(?P<identity>subject_\d+)[^/]*))/[^/]+"),
}
"""Corpora by their folder: what is below it."""
SHORT = {"vox_celeb_2": "vox2", "lrs3": "lrs3", "silent_videos": "silent"}
VIDEO_MODELS = ("talklip", "diff2lip", "latentsync")
AUDIO_MODELS = ("vits", "yourtts", "f5tts", "xttsv2")
"""As the paper names them; compared without case and punctuation."""
_OLDER = re.compile(r"(train|val)/(\1/)?id\d+/[^/]+/\d+/[^/]+")


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `val_metadata.json`, or another list, is in the root.

    Raises:
        DatasetError: it is AV-Deepfake1M.
    """
    if any(_OLDER.fullmatch(path) for path in tree.files):
        raise DatasetError(f"{tree.root} is AV-Deepfake1M; import it as av1m")
    return deepfake1m.read(tree, deepfake1m.Release("av1mpp", _relations, _Methods()))


def _relations(tree: Tree, where: str, path: str) -> dict[str, str | None]:
    corpus, _, inside = path.partition("/")
    if corpus not in CORPORA:
        detail = f"{corpus} is none of {', '.join(CORPORA)}: identity and source unknown"
        tree.findings.warning("unknown_source_corpus", where, path, detail)
        return {}
    match = CORPORA[corpus].fullmatch(inside)
    if match is None:
        detail = f"not as {corpus} is laid out: identity and source unknown"
        tree.findings.warning("unexpected_name", where, path, detail)
        return {}
    return match.groupdict() | {"identity": f"{SHORT[corpus]}:{match['identity']}"}


class _Methods:
    """The methods of entries; a model that is not known is a finding, once."""

    def __init__(self) -> None:
        self._known = {*VIDEO_MODELS, *AUDIO_MODELS}

    def __call__(self, entry: Entry) -> str | None:
        models = [model for key in ("video_model", "audio_model") if (model := entry.text(key))]
        for model in models:
            plain = re.sub(r"[^a-z0-9]", "", model.lower())
            if plain not in self._known:
                self._known.add(plain)
                detail = f"{model}, perhaps in more entries; kept as it is"
                entry.findings.warning("unknown_method", entry.where, None, detail)
        if entry.text("modify_type") == "real" and not models:
            return "real"
        return "+".join(models) or None
