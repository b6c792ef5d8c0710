"""HiFi-AVDF (Peng et al., HAVIC, CVPR 2026): six commercial generators, each real clip beside its generated one.

Each `<generator>.csv` in the root is one generator, whatever it is called; its rows name the clips in the folder of
the same name, `<stem>.mp4` and `<stem>_generated.mp4`. Layout as third-party loaders read it; the names for Sora 2 and
PixVerse are unknown to us. The authors only test on it, so all clips are in the test split. Who is seen is not
released: intervals are clustered by pair.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts, folder_of
from ..tables import Line, table
from ..tree import Tree, base, composed

MARKS = ("[kK]ling*.csv", "[vV]eo*.csv", "[wW][aA][nN]*.csv", "[pP]ix[vV]erse*.csv", "[sS]eedance*.csv", "[sS]ora*.csv")
LABELS = ("audio_label", "visual_label", "overall_label")
GENERATION = {"kling": "I2V", "veo": "I2V", "wan": "I2V", "pixverse": "I2V", "seedance": "audio+I2V", "sora": "T2V"}
"""What each generator was given: a picture and a caption (I2V), the sound too, or the caption only (T2V)."""
_GENERATED = "_generated"


def read(tree: Tree) -> list[Clip]:
    """The clips of all generators whose tables are in the root."""
    drafts = Drafts(tree, "hifi_avdf")
    tables = {
        path: list(table(tree, path, ("video_path", *LABELS)))
        for path in tree.under("", (".csv",))
        if not folder_of(path)
    }
    for lines in tables.values():
        _report_coerced(tree, lines)
    rows = [(PurePosixPath(path).stem, line) for path, lines in tables.items() for line in lines]
    placed = [(generator, line, _found(drafts, generator, line)) for generator, line in rows]
    mismatched: set[tuple[str, str]] = set()
    # A file belongs to the generator in whose folder it lies, if that one lists it too.
    for generator, line, path in sorted(placed, key=lambda row: row[2] is not None and _folder(row[2]) != row[0]):
        if path is not None and (_folder(path) == generator or _is_new(drafts, generator, line, path, mismatched)):
            _add(drafts, generator, line, path)
    _report_unpaired(drafts, (line for _, line in rows))
    drafts.report_unlisted()
    return drafts.clips


def _folder(path: str) -> str:
    return PurePosixPath(path).parts[0]


def _found(drafts: Drafts, generator: str, line: Line) -> str | None:
    """The file of a row, whose path may begin with the release's name or in the generator's folder."""
    tree, text = drafts.tree, line["video_path"]
    named = tree.named(text, line.where)
    if named is None:
        tree.mention(f"{generator}/{base(line['video_path'])}")
        return None
    ways = (named, named.partition("/")[2], f"{generator}/{named}")
    return tree.existing(next((way for way in ways if way and tree.find(way)), named), line.where)


def _is_new(drafts: Drafts, generator: str, line: Line, path: str, mismatched: set[tuple[str, str]]) -> bool:
    """Whether a file in another generator's folder is not listed there; one finding for each two generators."""
    key = (generator, _folder(path))
    if key not in mismatched:
        mismatched.add(key)
        detail = f"{generator}.csv lists files of {_folder(path)}; they count as {generator} where no other table does"
        drafts.tree.findings.warning("generator_folder_mismatch", line.where, path, detail)
    return not drafts.has(path)


def _add(drafts: Drafts, generator: str, line: Line, path: str) -> None:
    labels = _labels(drafts, line, path)
    if labels is None:
        drafts.drop(path)
        return
    audio, visual, overall = labels
    source = _pair(path)
    generation = next((words for name, words in GENERATION.items() if generator.lower().startswith(name)), None)
    drafts.add(
        path,
        line.where,
        split="test",
        split_from="release",
        label=overall,
        label_video=visual,
        label_audio=audio,
        method=generator if overall else "real",
        pair=source,
        source=source,
        extra={"generation": generation} if generation else {},
    )


def _pair(path: str) -> str:
    """What a generated clip and its real one share: folder and stem."""
    return composed(path).rpartition(".")[0].removesuffix(_GENERATED)


def _labels(drafts: Drafts, line: Line, path: str) -> tuple[int, int, int] | None:
    """The row's three labels; None, with a finding, where they are none or contradict each other or the name."""
    findings, cells = drafts.tree.findings, [line[name] for name in LABELS]
    values = [_binary(cell) for cell in cells]
    if None in values:
        findings.error("unknown_label", line.where, path, f"{', '.join(cells)}: neither 0 nor 1; the file is left out")
        return None
    audio, visual, overall = (int(value or 0) for value in values)
    stem, _, ending = path.rpartition(".")
    # Names are a guess for some generators, so a fake of another name is only a conflict beside a generated clip.
    real = not stem.endswith(_GENERATED) and drafts.tree.find(f"{stem}{_GENERATED}.{ending}") is not None
    if overall != max(audio, visual) or (stem.endswith(_GENERATED) and not overall) or (real and overall):
        detail = "the labels, or label and name, contradict each other; the file is left out"
        findings.error("label_conflict", line.where, path, detail)
        return None
    return audio, visual, overall


def _binary(cell: str) -> int | None:
    """0 or 1, also where it is written as 0.0 or 1.0."""
    try:
        return {0.0: 0, 1.0: 1}.get(float(cell))
    except ValueError:
        return None


def _report_coerced(tree: Tree, lines: Iterable[Line]) -> None:
    """A remark on the first row of a table whose labels are no plain 0 and 1."""
    for line in lines:
        if any(line[name] not in ("0", "1") and _binary(line[name]) is not None for name in LABELS):
            tree.findings.info("type_coerced", line.where, detail="labels such as 1.0 are read as 1")
            return


def _report_unpaired(drafts: Drafts, lines: Iterable[Line]) -> None:
    """A finding for each clip whose partner neither any row nor the disk has."""
    named = {base(line["video_path"]).rpartition(".")[0] for line in lines}
    here = {path.rpartition(".")[0] for path in drafts.tree.files}
    for clip in drafts.clips:
        stem = clip.id.rpartition(".")[0]
        partner = stem.removesuffix(_GENERATED) if stem.endswith(_GENERATED) else stem + _GENERATED
        if partner not in here and partner.rpartition("/")[2] not in named:
            drafts.tree.findings.warning("unpaired_sample", clip.path, clip.path, f"no {partner}")
