"""Which recordings data sets were made from, so that a model that saw the one has seen faces of the other.

Written by hand from what the data sets' authors say; a data set without a line is one whose origin is not known here.
Names are data sets, imported or not. Where both a data set and its origin were imported, `benchmark.audit` counts the
speakers and recordings that they share instead of trusting this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """One origin of a data set.

    Attributes:
        dataset: where the recordings come from.
        what: which clips do.
        said_by: where that is said.
        same_names: which fields of `Clip` name people and recordings as the origin's own clips do, so that equal names
            are the same people and recordings.
    """

    dataset: str
    what: str
    said_by: str
    same_names: tuple[str, ...] = ()


SIM = "sim_"
"""How the names of embedded sets begin."""

_ALL = ("identity", "source", "pair")
ORIGINS: dict[str, tuple[Origin, ...]] = {
    "favc": (Origin("voxceleb2", "all reals, and the source of every fake", "Peng et al., CVPR 2026", ("identity",)),),
    "av1m": (Origin("voxceleb2", "all reals, and the source of every fake", "paths of the release", _ALL),),
    "av1mpp": (
        Origin("voxceleb2", "clips below vox_celeb_2", "paths of the release", _ALL),
        Origin("lrs3", "clips below lrs3", "paths of the release", _ALL),
    ),
    "lavdf": (Origin("voxceleb2", "all reals, and the source of every fake", "Cai et al., DICTA 2022"),),
    "hifi_avdf": (Origin("avspeech", "all reals", "Peng et al., CVPR 2026"),),
    "exddv": (
        Origin("ffpp", "fakes of Face2Face, FaceSwap and FaceShifter, and the reals of SSR-DFD", "ExDDV.csv", _ALL),
        Origin("deeperforensics", "fakes of end_to_end, made from FaceForensics++ reals", "ExDDV.csv"),
        Origin("dfdc", "clips named DeepfakeDetection", "ExDDV.csv"),
    ),
    "ffpp": (),
    "voxceleb2": (
        Origin("vggface2", "its speakers are people of VGGFace2, in other media", "vox2_meta.csv of the release"),
    ),
    "lrs2": (),
    "lrs3": (),
    "avspeech": (),
    "kodf": (),
}
"""Origins by data set; () for recordings made or collected for the data set itself."""


def origins(name: str) -> tuple[Origin, ...] | None:
    """The origins of a data set or protocol; None where they are not known."""
    return ORIGINS.get(name.partition(".")[0])


def roots(name: str) -> frozenset[str] | None:
    """The data set itself and all that it was made from, over several steps; None where they are not known."""
    dataset = name.partition(".")[0]
    known = origins(dataset)
    if known is None:
        return None
    found = {dataset}
    for origin in known:
        found |= roots(origin.dataset) or {origin.dataset}
    return frozenset(found)


def alike(name: str, other: str, kind: str) -> bool:
    """Whether two data sets or protocols name people (`identity`), recordings (`source`) or excerpts (`pair`) alike."""
    return bool(_namespaces(name, kind) & _namespaces(other, kind))


def bare(name: str | None) -> str | None:
    """A name without the corpus that AV-Deepfake1M++ has before it: `id00012` for `vox2:id00012`, as in VoxCeleb2."""
    return name and name.removeprefix("vox2:").removeprefix("lrs3:")


def _namespaces(name: str, kind: str) -> frozenset[str]:
    """Whose names a data set uses: its own, and those of origins that it names alike; embedded sets have the same."""
    dataset = name.partition(".")[0]
    if dataset.startswith(SIM):
        return frozenset({SIM})
    return frozenset({dataset, *(origin.dataset for origin in origins(dataset) or () if kind in origin.same_names)})
