"""What is on record about an encoder, a head and a detector."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Modality = Literal["audio", "visual", "audio-visual"]
Needs = frozenset[Literal["real", "fake"]]


@dataclass(frozen=True)
class Weights:
    """A checkpoint: where it comes from, and the hash that it must have.

    Attributes:
        file: its path below the weights folder, with `/`. Of a model of the Hugging Face hub `owner/name`, a folder, or
            `owner/name/` and the path of its one file.
        sha256: None where none was published; the first use pins what it finds, see `fetching.files`.
        source: the page or the command that it comes from.
        url: of the file itself, where it can be downloaded.
        hub: `owner/name` on the Hugging Face hub, at `revision`.
        files: which files of the hub are needed: all names, and of patterns such as `*.safetensors` what there is; by
            default its configuration and its weights.
        drive: Google Drive's id or a short link, where only a browser can download it; for a file in a folder that is a
            zip of the folder.
        size: bytes, about.
    """

    file: str
    sha256: str | None
    source: str
    licence: str
    url: str | None = None
    hub: str | None = None
    revision: str = "main"
    files: tuple[str, ...] = ()
    drive: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class Variant:
    """Another form of an encoder, by a tag after its name: `braven_v.pretrained`.

    Attributes:
        tag: `[a-z0-9_]+`; `random` and the names of layers are taken.
        changes: fields of the card that differ, such as `weights`.
    """

    tag: str
    summary: str
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class EncoderCard:
    """A frozen encoder.

    Attributes:
        name: `[a-z0-9_]+`; tags after dots name other forms, see `variants` and `detectors.tags`.
        modality: which streams it reads.
        dim: columns of its features.
        fps: rows per second.
        taps: layers that it can return, the default first; the others are tags, as in `avhubert_v.layer12`.
        version: raised whenever the same clip would give other features; part of every signature.
        weights: its checkpoint, None where it has no learned weights.
        pretraining: data sets that it has seen.
        randomisable: whether `.random` (the same architecture, seeded untrained weights) makes sense.
        variants: its other forms, in the order that their tags have in a name.
        tags: of the form that this card describes; empty for the one that is registered.
        layer_dim: columns of its layers, where they are not those of the default tap.
        window: seconds of the windows that it sees one by one, when it drops the last one that is not full.
    """

    name: str
    modality: Modality
    dim: int
    fps: float
    summary: str
    licence: str
    citation: str
    version: int = 1
    taps: tuple[str, ...] = ("last",)
    weights: Weights | None = None
    pretraining: tuple[str, ...] = ()
    randomisable: bool = False
    variants: tuple[Variant, ...] = ()
    tags: tuple[str, ...] = ()
    window: float = 0.0
    layer_dim: int | None = None


@dataclass(frozen=True)
class HeadCard:
    """A head on frozen features. `needs` names the classes that `fit` must be given."""

    name: str
    needs: Needs
    summary: str
    citation: str
    version: int = 1
    logit: bool = True


@dataclass(frozen=True)
class DetectorCard:
    """A whole detector.

    Attributes:
        needs: classes that `fit` must be given; empty for a detector without training.
        logit: whether a score of 0 separates the classes, so that accuracy at 0 has a meaning.
        control: measures a shortcut rather than a forgery; held on both sides by the regression rule.
    """

    name: str
    modality: Modality
    needs: Needs
    summary: str
    licence: str
    citation: str
    version: int = 1
    logit: bool = True
    control: bool = False
