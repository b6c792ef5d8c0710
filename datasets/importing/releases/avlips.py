"""AVLips v1.0 (Liu et al., LipFD, NeurIPS 2024): lip-synchronised fakes; the label is the folder, there is no metadata.

The release holds the sound twice, in the mp4 and as a wav beside it, and the two differ in length and amplitude. What
is decoded is the mp4's own track; the wav (`Clip.sound`) is taken only where the mp4 has none. Equal numbers in
`0_real` and `1_fake` are presumed to be a pair. Speech is real in both classes. Which of MakeItTalk, Wav2Lip, TalkLip
and SadTalker made a fake is not released. There is no official split.
"""

from collections import defaultdict
from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts
from ..tree import SOUND, VIDEO, Tree, composed, is_crop

LABELS = {"0_real": 0, "1_fake": 1}
MARKS = tuple(LABELS)
_WAV = "wav"


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `0_real` and `1_fake` are in the root."""
    drafts = Drafts(tree, "avlips")
    videos = list(tree.under("", VIDEO))
    sounds = {_stem(path): path for path in tree.under(_WAV, SOUND)}
    refused = {_stem(finding.path) for finding in tree.findings.all if finding.path}
    if videos and not sounds:
        tree.findings.warning("missing_audio", _WAV, detail="no sound files at all; the videos' own sound is used")
        refused |= {f"{_WAV}/{_stem(path)}" for path in videos}
    for path in _placed(tree, videos):
        _add(drafts, path, sounds, refused)
    stems = refused | {_stem(path) for path in videos}
    for stem, path in sounds.items():
        if stem.removeprefix(f"{_WAV}/") not in stems:
            tree.findings.warning("orphan_audio", path, detail="no video of this name; not used")
    return drafts.clips


def _stem(path: str) -> str:
    return composed(path).rpartition(".")[0]


def _placed(tree: Tree, videos: list[str]) -> list[str]:
    """The videos that lie directly in one of the two folders; the others are findings, one a strange folder."""
    placed, strange, names = [], defaultdict(list), set(videos)
    for path in videos:
        folder, *rest = PurePosixPath(path).parts
        if folder not in LABELS:
            strange[folder].append(path)
        elif len(rest) > 1:
            tree.findings.warning("nested_file_ignored", path, path, f"lies deeper than {folder}; not imported")
        elif not is_crop(path, names):
            placed.append(path)
    for folder, paths in strange.items():
        detail = f"neither 0_real nor 1_fake; {len(paths)} videos not imported"
        tree.findings.warning("unknown_label_folder", folder, paths[0], detail)
    return placed


def _add(drafts: Drafts, path: str, sounds: dict[str, str], refused: set[str]) -> None:
    findings = drafts.tree.findings
    if not drafts.tree.filled(path):
        return
    folder, name = PurePosixPath(path).parts
    stem, _, ending = name.rpartition(".")
    if ending != ending.lower():
        findings.warning("extension_case", path, path, "imported all the same")
    number = stem.isascii() and stem.isdigit()
    if not number:
        findings.warning("unexpected_name", path, path, "no number, so its pair is unknown")
    drafts.add(
        path,
        path,
        label_video=LABELS[folder],
        label_audio=0,
        method=None if LABELS[folder] else "real",
        pair=stem if number else None,
        sound=_sound(drafts.tree, path, sounds, refused),
    )


def _sound(tree: Tree, path: str, sounds: dict[str, str], refused: set[str]) -> str | None:
    """The wav beside a video; that there is none is a finding, unless something was already said of it."""
    stem = f"{_WAV}/{_stem(path)}"
    if stem in sounds:
        return sounds[stem] if tree.filled(sounds[stem]) else None
    if stem not in refused:
        tree.findings.warning("missing_audio", path, path, "no wav of this name; the video's own sound is used")
    return None
