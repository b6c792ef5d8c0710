"""Whether the files of an imported data set are what they should be: read once, and on demand decoded once.

What is found is a list of findings, like those of an import. What was read or decoded is kept with the size and time of
each file, so that a run that was interrupted goes on where it stopped and a second one reads what changed.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import library
from .clip import Clip
from .decoded import decode_all
from .errors import DatasetError
from .files import write_atomic
from .hashes import Hashed, hash_files, known
from .importing import findings
from .importing.findings import Finding, Findings

SUMMARY = "verified.json"


@dataclass(frozen=True)
class Verified:
    """What came out.

    Attributes:
        files, bytes: how many files were looked at, and their size.
        clips, good: how many clips there are, and how many of them have no error.
        decoded: how many clips were decoded, now or before; None where that was not asked for.
    """

    name: str
    root: Path
    files: int
    bytes: int
    clips: int
    good: int
    decoded: int | None
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> bool:
        """Whether anything is wrong; what is only remarkable does not count."""
        return any(finding.severity == "error" for finding in self.findings)


def verify(name: str, *, decode: bool = False, jobs: int = -1, progress: bool = True) -> Verified:
    """Look at every file of a data set, and keep the result as `verified.csv` beside its manifest.

    Args:
        decode: also decode both streams of every clip.
        jobs: threads that read and processes that decode, -1 for one a processor.

    Raises:
        DatasetError: it was not imported, or its folder is not there.
        DiskFullError: what was finished is kept.
    """
    root, home, clips = library.root_of(name), library.home(name), library.clips(name)
    if not root.is_dir():
        raise DatasetError(
            f"{root} is not there; is its disk mounted? If {name} was moved, import it from its new place"
        )
    files = {clip.path: clip.file for clip in clips}
    files |= {clip.sound: clip.root / clip.sound for clip in clips if clip.sound}
    hashed = hash_files(home, files, jobs=jobs, progress=progress)
    usable = [clip for clip in clips if not hashed[clip.path].problem]
    found = Findings()
    _report_files(found, home, clips, hashed)
    _report_repeated(found, usable, hashed)
    if decode:
        _report_undecodable(found, home, usable, jobs, progress)
    bad = {finding.path for finding in found.all if finding.severity == "error"}
    result = Verified(
        name,
        root,
        files=len(files),
        bytes=sum(of.bytes or 0 for of in hashed.values()),
        clips=len(clips),
        good=sum(clip.path not in bad and clip.sound not in bad for clip in clips),
        decoded=len(usable) if decode else None,
        findings=tuple(found.all),
    )
    _keep(home, result)
    return result


def _report_files(found: Findings, home: Path, clips: Sequence[Clip], hashed: Mapping[str, Hashed]) -> None:
    """Files that are missing, unreadable or no media, and those that are others than at the import."""
    for path, of in hashed.items():
        if of.sha256 is None:
            code = "missing_file" if of.problem == "no such file" else "unreadable_file"
            found.error(code, path, path, f"{of.problem}; copy or download it again")
        elif of.problem:
            found.error("stand_in" if of.bytes else "empty_file", path, path, of.problem)
    kept = known(home)
    for clip in clips:
        of = hashed[clip.path]
        if of.sha256 is None or clip.bytes is None or clip.modified is None:
            continue
        if of.bytes != clip.bytes:
            detail = f"{of.bytes:,} bytes, {clip.bytes:,} at the import; import again if that is right"
            found.error("changed_file", clip.path, clip.path, detail)
        elif of.modified != clip.modified:
            _report_time(found, clip, of, kept.get((clip.path, clip.bytes, clip.modified)))


def _report_time(found: Findings, clip: Clip, now: Hashed, then: Hashed | None) -> None:
    """A file of the same size and another time: the same, another one, or nobody knows."""
    if then is None:
        detail = "as large as at the import, but of another time; import again if that is right"
        found.warning("changed_file", clip.path, clip.path, detail)
    elif then.sha256 != now.sha256:
        detail = "as large as at the import, but with other content; import again if that is right"
        found.error("changed_file", clip.path, clip.path, detail)


def _report_repeated(found: Findings, clips: Sequence[Clip], hashed: Mapping[str, Hashed]) -> None:
    """Clips with the same bytes; worse where they are labelled otherwise, or in different splits."""
    same: dict[str | None, list[Clip]] = defaultdict(list)
    for clip in clips:
        same[hashed[clip.path].sha256].append(clip)
    for first, *others in same.values():
        for clip in others:
            words = f"the same bytes as {first.path}"
            if _contradict(clip, first):
                found.error("duplicate_file_conflicting_label", clip.path, clip.path, f"{words}, with other labels")
            elif clip.split != first.split:
                detail = f"{words}, which is in {first.split or 'no split'}, this one in {clip.split or 'none'}"
                found.error("duplicate_file_conflicting_split", clip.path, clip.path, detail)
            else:
                found.warning("duplicate_file", clip.path, clip.path, words)


def _report_undecodable(found: Findings, home: Path, clips: Sequence[Clip], jobs: int, progress: bool) -> None:
    for clip, reason in decode_all(home, clips, jobs, progress):
        if reason:
            found.error("undecodable", clip.path, clip.path, reason)


def _contradict(clip: Clip, other: Clip) -> bool:
    """Whether a label is another one, where both are known."""
    pairs = ((getattr(clip, name), getattr(other, name)) for name in ("label", "label_video", "label_audio"))
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _keep(home: Path, result: Verified) -> None:
    findings.write(home / "verified.csv", result.findings)
    about = {"manifest": _state(home), "clips": result.clips, "good": result.good, "decoded": result.decoded}
    write_atomic(home / SUMMARY, json.dumps(about) + "\n")


def _state(home: Path) -> list[int]:
    """Size and time of the manifest: another import writes another one."""
    status = (home / "manifest.jsonl").stat()
    return [status.st_size, status.st_mtime_ns]


def share(name: str) -> float | None:
    """Which part of the clips a verification found to be right; None where there was none since the last import."""
    home = library.home(name)
    try:
        about = json.loads((home / SUMMARY).read_text(encoding="utf-8"))
        same = about["manifest"] == _state(home)
        return float(about["good"] / about["clips"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
