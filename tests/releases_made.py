"""Trees laid out as FakeAVCeleb, AV-Deepfake1M and a user's own folder, with simulated clips as their files."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets.clip import Clip
from datasets.sim.plan import plan

Pair = tuple[Clip, Clip]
_COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender", "path", "")


def smoke_pairs(cache: Path, name: str) -> list[Pair]:
    """The pairs of a real and a fake of the smallest corpus that lies in a cache folder, all splits after another."""
    clips = plan(name, "smoke", root=next((cache / "sim").glob("v*-seed0")))
    return list(zip(clips[::2], clips[1::2], strict=True))


def _place(clip: Clip, target: Path) -> None:
    """The clip's file and landmarks under another name; files of their own, which a test may damage."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(clip.file.read_bytes())
    target.with_suffix(".landmarks.npy").write_bytes(clip.landmarks.read_bytes())


def favc(root: Path, pairs: Sequence[Pair]) -> Path:
    """FakeAVCeleb v1.2 with an identity a pair, a real and a fake of both streams each."""
    rows = []
    for number, (real, fake) in enumerate(pairs, 1):
        who = f"id{number:05}"
        for clip, kind, category, method, name in (
            (real, "RealVideo-RealAudio", "A", "real", "00109.mp4"),
            (fake, "FakeVideo-FakeAudio", "D", "wav2lip", "00109_id00999_wavtolip.mp4"),
        ):
            folder = f"{kind}/African/men/{who}"
            _place(clip, root / folder / name)
            rows.append((who, "-", "-", method, category, kind, "African", "men", name, f"FakeAVCeleb/{folder}"))
    with (root / "meta_data.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([_COLUMNS, *rows])
    return root


def av1m(root: Path, pairs: Sequence[Pair], tested: int = 8) -> Path:
    """AV-Deepfake1M with a video of its own for each pair; the last `tested` pairs are its validation split."""
    lists: dict[str, list[dict[str, Any]]] = {"train": [], "val": []}
    for number, pair in enumerate(pairs, 1):
        split = "train" if number <= len(pairs) - tested else "val"
        folder = f"id{number:05}/{number:011}/00047"
        for clip, name in zip(pair, ("real.mp4", "fake_video_fake_audio.mp4"), strict=True):
            _place(clip, root / split / folder / name)
            lists[split].append(_entry(clip, split, f"{folder}/{name}", f"{folder}/real.mp4"))
    for split, entries in lists.items():
        (root / f"{split}_metadata.json").write_text(json.dumps(entries))
    return root


def _entry(clip: Clip, split: str, file: str, original: str) -> dict[str, Any]:
    segments = [list(span) for span in clip.segments or ()]
    return {
        "file": file,
        "original": original,
        "split": split,
        "modify_type": "both_modified" if clip.label else "real",
        "audio_model": "vits" if clip.label else None,
        "fake_segments": segments,
        "audio_fake_segments": segments,
        "visual_fake_segments": segments,
        "video_frames": round(25 * (clip.duration or 0)),
        "audio_frames": round(16_000 * (clip.duration or 0)),
    }


def own(root: Path, clips: Sequence[Clip], split: str = "") -> Path:
    """`real` and `fake` folders, inside a folder of the split where one is given."""
    for number, clip in enumerate(clips):
        _place(clip, root / split / ("fake" if clip.label else "real") / f"{number:03}.mp4")
    return root
