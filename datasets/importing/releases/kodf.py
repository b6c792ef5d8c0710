"""KoDF (Kwon et al., ICCV 2021; AI Hub data set 55): Korean speakers, five methods; reals are HEVC and fakes H.264.

The CSVs of a part list file names, which are looked for below its folders of originals (원본) or of fakes (변조)
only: the interference copies (탐지방해) repeat the names and are not imported. Folders may be nested as AI Hub's
are (`1.Training/원천데이터/train_변조/dfl1/...`) or be its single downloads (`[원천][변조]train_dfl1_data/...`), and
names may be decomposed, as macOS unpacks them. Where no CSV is there, folders say what a file is, also those of
SpeechForensics' subset (`original_videos`, `dfl`, ...). A fake counts as its target's, whose recording it was made
from. The voice is the target's in all methods; fsgan's files have no sound, so nothing is said of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts, folder_of
from ..tables import Line, table
from ..tree import ARCHIVES, Tree, composed, plain

MARKS = ("1.Training", "2.Validation", "[[]*", "original_videos")
METHODS = ("dffs", "dfl", "fo", "fsgan", "audio-driven")
SILENT = "fsgan"
ENCODINGS = ("utf-8-sig", "cp949")
_ID, _MODEL, _TARGET, _TARGET_ID, _SOURCE_ID, _GENDER = (
    "영상ID",
    "변조모델",
    "타겟영상",
    "타겟UUID",
    "소스UUID",
    "인물성별",
)
_REST = ("UUID", "촬영장소", "촬영시작", "스크립트파일", "시나리오번호")
_INTERFERENCE, _ORIGINAL, _FAKE = "탐지방해", "원본", "변조"
_SPLITS = {"train": "train", "valid": "val", "test": "test"}
_METHOD = re.compile(rf"(?:^|[_\]])({'|'.join(METHODS).replace('-', '[-_]')})\d*(?:_data)?$")
_ARCHIVE = re.compile(rf"({'|'.join(map(re.escape, ARCHIVES))})(\.part\d+|\.\d+)?$", re.IGNORECASE)


def read(tree: Tree) -> list[Clip]:
    """The clips of the parts that are in the root."""
    drafts = Drafts(tree, "kodf")
    for path in tree.under("", ("",)):
        if _ARCHIVE.search(path):
            tree.findings.warning("archive_not_extracted", path, detail="unpack it; files inside are not seen")
    videos = list(_videos(drafts))
    tables = list(tree.under("", (".csv",)))
    if tables:
        _join(drafts, [line for path in tables for line in _lines(tree, path)], videos)
    else:
        tree.findings.info("metadata_absent", ".", detail="no CSV is here; the folders say what a file is")
        _from_folders(drafts, videos)
    drafts.report_unlisted()
    return drafts.clips


@dataclass(frozen=True)
class _Video:
    """A file and what its folders say of it; None where they say nothing."""

    path: str
    label: int | None
    method: str | None
    split: str

    @property
    def name(self) -> str:
        return composed(PurePosixPath(self.path).name)


def _videos(drafts: Drafts) -> Iterator[_Video]:
    """All files but the interference copies, which are findings."""
    for path in drafts.tree.under(""):
        folder = composed(folder_of(path))
        if _INTERFERENCE in folder:
            drafts.tree.findings.warning("unlisted_file", path, path, "an interference copy; not imported")
            drafts.drop(path)
            continue
        methods = [match[1].replace("_", "-") for part in folder.split("/") if (match := _METHOD.search(part))]
        fake = _FAKE in folder or bool(methods)
        real = _ORIGINAL in folder or "original_videos" in folder
        yield _Video(path, int(fake) if fake != real else None, methods[-1] if methods else None, _split(folder))


def _split(text: str) -> str:
    return next((split for word, split in _SPLITS.items() if word in text.lower()), "")


def _lines(tree: Tree, path: str) -> Iterator[Line]:
    """The rows of one table that have what their kind needs: an original's UUID, or the method of a fake."""
    known = (_MODEL, _TARGET, _TARGET_ID, _SOURCE_ID, _GENDER, *_REST)
    for line in table(tree, path, (_ID,), known=known, encodings=ENCODINGS):
        if line["UUID"] or line[_MODEL]:
            yield line
        else:
            tree.findings.error("row_too_short", line.where, line[_ID], f"neither UUID nor {_MODEL}")


def _join(drafts: Drafts, lines: list[Line], videos: list[_Video]) -> None:
    """Add the file of each row; one that some row contradicts is left out, whatever the others say."""
    named = defaultdict(list)
    for video in videos:
        named[plain(video.name)].append(video)
    found = [(line, video) for line in lines for video in _found(drafts, line, named)]
    contradicted = {video.path for line, video in found if not _agree(drafts, line, video)}
    for line, video in found:
        if video.path in contradicted:
            drafts.drop(video.path)
        elif drafts.tree.filled(video.path):
            _add(drafts, line, video)
        else:
            drafts.drop(video.path)


def _found(drafts: Drafts, line: Line, named: dict[str, list[_Video]]) -> list[_Video]:
    """The file that a row names, if there is one: of the row's kind and part before any other of the name."""
    findings = drafts.tree.findings
    name = drafts.tree.named(line[_ID], line.where)
    if name is None:
        return []
    videos = named.get(plain(name), [])
    if not videos and (videos := named.get(f"{name}.mp4", [])):
        findings.warning("id_without_extension", line.where, videos[0].path, "read as .mp4")
    elif videos and name not in (video.name for video in videos):
        findings.warning("extension_case", line.where, videos[0].path, "the ending is spelled otherwise on disk")
    if not videos:
        findings.error("missing_file", line.where, name, "the row is left out")
        return []
    return [max(videos, key=lambda video: (video.label == _label(line), video.split == _split(line.where)))]


def _label(line: Line) -> int:
    return int(bool(line[_MODEL]))


def _agree(drafts: Drafts, line: Line, video: _Video) -> bool:
    """Whether row and folder agree about label and split; that they do not is a finding."""
    findings = drafts.tree.findings
    if video.label != _label(line):
        kind = "a fake" if _label(line) else "an original"
        findings.error("label_conflict", line.where, video.path, f"listed as {kind}, in another folder; left out")
    elif video.split and _split(line.where) not in ("", video.split):
        findings.error("split_conflict", line.where, video.path, "listed for another part; the file is left out")
    else:
        return True
    return False


def _add(drafts: Drafts, line: Line, video: _Video) -> None:
    split = _release(video.split or _split(line.where))
    if not _label(line):
        stem = video.name.rpartition(".")[0]
        known = {"method": "original", "identity": line["UUID"], "source": stem, "pair": stem}
        drafts.add(video.path, line.where, label_video=0, label_audio=0, extra=_extra(line), **known, **split)
        return
    method, findings = line[_MODEL].lower().replace("_", "-"), drafts.tree.findings
    if method not in METHODS:
        findings.warning("unknown_method", line.where, video.path, line[_MODEL])
    elif video.method not in (method, None):
        detail = f"{method} by the table, {video.method} by the folder; the table counts"
        findings.warning("generator_folder_mismatch", line.where, video.path, detail)
    target = line[_TARGET].rpartition(".")[0] or line[_TARGET] or None
    made = {"method": method, "identity": line[_TARGET_ID] or None, "source": target, "pair": target}
    audio = _voice(method)
    drafts.add(video.path, line.where, label_video=1, label_audio=audio, extra=_extra(line), **made, **split)


def _release(split: str) -> dict[str, str | None]:
    return {"split": split, "split_from": "release" if split else None}


def _voice(method: str | None) -> int | None:
    return 0 if method in METHODS and method != SILENT else None


def _extra(line: Line) -> dict[str, str]:
    values = {"gender": line[_GENDER], "source_identity": line[_SOURCE_ID]}
    return {name: value for name, value in values.items() if value}


def _from_folders(drafts: Drafts, videos: list[_Video]) -> None:
    """Clips where no table is there; names begin with the identity, of a fake with its target's."""
    for video in videos:
        if video.label is None or not drafts.tree.filled(video.path):
            continue
        drafts.add(
            video.path,
            video.path,
            label=video.label,
            label_video=video.label,
            label_audio=_voice(video.method) if video.label else 0,
            method=video.method if video.label else "original",
            identity=video.name.partition("_")[0],
            **_release(video.split),
        )
