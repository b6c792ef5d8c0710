"""Manifests shaped like the releases, with invented names, for what needs many clips and no media."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import library
from datasets.clip import Clip
from datasets.importing import Imported

ROOT = Path("nowhere")
NAMES = {
    "RVRA": "real",
    "RVFA": "real_video_fake_audio",
    "FVRA": "fake_video_real_audio",
    "FVFA": "fake_video_fake_audio",
}
FOLDERS = {"RV": "RealVideo", "FV": "FakeVideo", "RA": "RealAudio", "FA": "FakeAudio"}
FAVC = (
    ("RVRA", "real"),
    ("RVFA", "rtvc"),
    ("FVRA", "wav2lip"),
    ("FVRA", "faceswap"),
    ("FVRA", "fsgan"),
    ("FVFA", "wav2lip"),
    ("FVFA", "faceswap-wav2lip"),
    ("FVFA", "fsgan-wav2lip"),
)
"""Type and method of what is made of each identity, as in FakeAVCeleb's table."""


def clip(dataset: str, path: str, **known: Any) -> Clip:
    """A clip of which little is known."""
    fields: dict[str, Any] = dict.fromkeys(("label_video", "label_audio", "method", "identity", "source"))
    return Clip(
        **({"id": path, "dataset": dataset, "split": "", "root": ROOT, "path": path, "label": 0} | fields | known)
    )


def streams(category: str) -> dict[str, Any]:
    """The labels of a category such as FVRA."""
    video, audio = int(category[:2] == "FV"), int(category[2:] == "FA")
    return {"label": int(video or audio), "label_video": video, "label_audio": audio, "category": category}


def favc(identities: int = 40) -> list[Clip]:
    """FakeAVCeleb: for each identity one clip of every kind."""
    return [_favc(number, category, method) for number in range(identities) for category, method in FAVC]


def _favc(number: int, category: str, method: str) -> Clip:
    who, race = f"id{number:05}", ("African", "Asian (East)")[number % 2]
    ending = {"real": "", "rtvc": "_fake"}.get(method, f"_id{number + 1:05}_{method}")
    kind = f"{FOLDERS[category[:2]]}-{FOLDERS[category[2:]]}"
    path = f"{kind}/{race}/men/{who}/00001{ending}.mp4"
    return clip(
        "favc", path, method=method, identity=who, source=f"{who}/00001", pair=f"{who}/00001", **streams(category)
    )


def av1m(identities: int = 30, splits: Iterable[str] = ("train", "val")) -> list[Clip]:
    """AV-Deepfake1M: two source videos for each identity, two excerpts of each, four clips of each excerpt."""
    return [
        _av1m(split, number, video, excerpt, category)
        for split in splits
        for number in range(identities)
        for video in (0, 1)
        for excerpt in (0, 1)
        for category in NAMES
    ]


def _av1m(split: str, number: int, video: int, excerpt: int, category: str) -> Clip:
    who, source = f"id{number:05}", f"id{number:05}/{split}_{video:06}"
    pair = f"{source}/{excerpt:05}"
    spans = {
        "RVRA": ((), (), ()),
        "RVFA": (((1.0, 1.4),), ((1.0, 1.4),), ()),
        "FVRA": (((2.0, 2.4),), (), ((2.0, 2.4),)),
    }
    both, audio, video_spans = spans.get(category, (((1.0, 1.4), (2.0, 2.4)), ((1.0, 1.4),), ((2.0, 2.4),)))
    return clip(
        "av1m",
        f"{split}/{pair}/{NAMES[category]}.mp4",
        split=split,
        split_from="release",
        identity=who,
        source=source,
        pair=pair,
        segments=both,
        segments_audio=audio,
        segments_video=video_spans,
        duration=6.0,
        **streams(category),
    )


def imported(name: str, clips: Iterable[Clip]) -> None:
    """Keep a manifest as an import does; the data set's folder is the library's own."""
    root = library.home(name) / "release"
    root.mkdir(parents=True, exist_ok=True)
    library.keep(Imported(name, root, tuple(replace(clip, dataset=name, root=root) for clip in clips), ()))
