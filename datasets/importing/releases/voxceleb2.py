"""VoxCeleb2 (Chung et al., Interspeech 2018): real speech of celebrities, by speaker and YouTube video.

Clips are `{dev,test}/mp4/<speaker>/<video>/<number>.mp4`; their sound may be in them, or in the tree `aac` beside it.
`vox2_meta.csv`, whose header and cells end in blanks, says of each speaker which set it is in. A speaker who is in both
sets, by folders or by the table, is left out, since a test speaker that was trained on spoils the test.
"""

import re
from collections import defaultdict

from ...clip import Clip
from ..drafts import Drafts
from ..tables import Line, table
from ..tree import SOUND, Tree, is_crop

MARKS = ("vox2_meta.csv", "dev/mp4", "test/mp4")
SETS = ("dev", "test")
TABLE = "vox2_meta.csv"
_SPEAKER, _SET, _GENDER = "VoxCeleb2 ID", "Set", "Gender"
_NAME = re.compile(r"id\d{5}")
_DEPTH = 5
"""Parts of a clip's path: set, mp4, speaker, video, file."""


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose folders `dev` and `test`, or one of them, are in the root."""
    drafts = Drafts(tree, "voxceleb2")
    speakers = _folders(tree)
    known = _Table(tree)
    wrong = _in_two_sets(tree, speakers, known)
    _report_unknown(tree, speakers, known)
    for paths in speakers.values():
        for path in paths:
            if tree.filled(path):
                _add(drafts, path, known)
    for path in (path for folder, paths in speakers.items() if folder.split("/")[2] in wrong for path in paths):
        drafts.drop(path)
    _report_halves(drafts)
    return drafts.clips


class _Table:
    """What `vox2_meta.csv` says.

    Attributes:
        sets: by speaker, the sets that it names and the line of each.
        places: by speaker, the first line.
        gender: by speaker.
        silent: whether it says nothing, and no finding says why.
    """

    def __init__(self, tree: Tree) -> None:
        self.sets: dict[str, dict[str, str]] = defaultdict(dict)
        self.places: dict[str, str] = {}
        self.gender: dict[str, str] = {}
        before = len(tree.findings.all)
        if tree.find(TABLE):
            for line in table(tree, TABLE, (_SPEAKER, _SET), known=("VGGFace2 ID", _GENDER)):
                self._take(tree, line)
        self.silent = not self.places and len(tree.findings.all) == before

    def _take(self, tree: Tree, line: Line) -> None:
        speaker, name = line[_SPEAKER], line[_SET].lower()
        if not _NAME.fullmatch(speaker):
            tree.findings.warning("bad_identity", line.where, detail=f"{speaker[:40]!r} is no speaker's name, idNNNNN")
            return
        self.places.setdefault(speaker, line.where)
        self.gender[speaker] = line[_GENDER]
        if name in SETS:
            self.sets[speaker].setdefault(name, line.where)
        else:
            tree.findings.warning("unknown_split", line.where, detail=f"{name[:40]!r}; the folder counts")


def _folders(tree: Tree) -> dict[str, list[str]]:
    """The clips of each speaker's folder, such as `dev/mp4/id90041`."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in SETS:
        paths = list(tree.under(f"{name}/mp4"))
        all_paths = set(paths)
        for path in paths:
            parts = path.split("/")
            if is_crop(path, all_paths):
                continue
            if len(parts) != _DEPTH:
                detail = "not <speaker>/<video>/<number>.mp4; not imported"
                tree.findings.warning("unexpected_name", path, path, detail)
                continue
            found["/".join(parts[:3])].append(path)
    for folder in found:
        if not _NAME.fullmatch(folder.split("/")[2]):
            tree.findings.warning(
                "bad_identity", folder, detail="no speaker's name, idNNNNN; imported without identity"
            )
    return dict(found)


def _in_two_sets(tree: Tree, speakers: dict[str, list[str]], known: _Table) -> set[str]:
    """Speakers who are in both sets, by their folders or by the table."""
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for folder in speakers:
        name, _, speaker = folder.split("/")
        places[speaker][name] = folder
    wrong = set()
    for speaker in sorted({*places, *known.sets}):
        stands = places.get(speaker, {}) | known.sets.get(speaker, {})
        if len(stands) > 1:
            wrong.add(speaker)
            detail = f"in {' and '.join(sorted(stands))}; the speaker's clips are left out"
            tree.findings.error("identity_in_two_splits", list(stands.values())[-1], detail=detail)
    return wrong


def _report_unknown(tree: Tree, speakers: dict[str, list[str]], known: _Table) -> None:
    """Speakers without files, and folders that the table does not know."""
    here = {folder.split("/")[2]: folder for folder in speakers}
    for speaker, place in known.places.items():
        if speaker not in here:
            tree.findings.info("identity_without_files", place, detail=f"{speaker} has no clips here")
    if known.silent:
        detail = "not there, or names nobody; the speakers' genders are unknown"
        tree.findings.warning("identity_without_metadata", TABLE, detail=detail)
    for speaker, folder in here.items():
        if known.places and speaker not in known.places and _NAME.fullmatch(speaker):
            tree.findings.warning("identity_without_metadata", folder, detail=f"{TABLE} does not list the speaker")


def _add(drafts: Drafts, path: str, known: _Table) -> None:
    split, _, speaker, video, name = path.split("/")
    stem = name.rpartition(".")[0]
    sound = drafts.tree.find(f"{split}/aac/{speaker}/{video}/{stem}.m4a")
    gender = known.gender.get(speaker)
    drafts.add_real(
        path,
        path,
        identity=speaker if _NAME.fullmatch(speaker) else None,
        source=f"{speaker}/{video}",
        pair=f"{speaker}/{video}/{stem}",
        split=split,
        split_from="release",
        sound=sound,
        extra={"gender": gender} if gender else {},
    )


def _report_halves(drafts: Drafts) -> None:
    """Sound without a clip, and clips without sound where the tree of sound is there."""
    tree = drafts.tree
    with_sound = set()
    for name in SETS:
        for path in tree.under(f"{name}/aac", SOUND):
            with_sound.add(name)
            video = f"{name}/mp4/{path.split('/', 2)[2].rpartition('.')[0]}.mp4"
            if tree.find(video) is None:
                tree.findings.warning("missing_video", path, video, "only the sound is here; not imported")
    for clip in drafts.clips:
        if clip.split in with_sound and clip.sound is None:
            tree.findings.warning("missing_audio", clip.path, clip.path, "not in the tree of sound; imported as it is")
