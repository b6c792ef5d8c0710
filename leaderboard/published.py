"""Tables that the papers report, kept apart from what is measured here."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .markdown import table

FOLDER = Path(__file__).parent / "published"

_SSR = (
    "Boldisor, Smeu, Oneata, Oneata. Investigating self-supervised representations for audio-visual deepfake "
    "detection. CVPR 2026 (arXiv 2511.17181)"
)
_AVH = (
    "Smeu, Boldisor, Oneata, Oneata. Circumventing shortcuts in audio-visual deepfake detection datasets with "
    "unsupervised learning. CVPR 2025 (arXiv 2412.00175)"
)
_HAVIC = (
    "Peng, Wang, Li, Kong, Hong. Leave no stone unturned: uncovering holistic audio-visual intrinsic coherence for "
    "deepfake detection. CVPR 2026"
)


@dataclass(frozen=True)
class Table:
    """One published table: its file in `published/`, what it shows, and where it was printed."""

    file: str
    title: str
    paper: str
    where: str


_TABLE_2 = Table("ssr_dfd_table2.csv", "Linear probes on frozen features, AUC", _SSR, "table 2")
TABLES = (
    _TABLE_2,
    Table("ssr_dfd_table3.csv", "Comparison with whole detectors, AUC", _SSR, "table 3"),
    Table("ssr_dfd_table4.csv", "Supervised probe, next-token prediction and synchronisation, AUC", _SSR, "table 4"),
    Table("ssr_dfd_figure5.csv", "AUC, correlation of scores, and gain of late fusion", _SSR, "figure 5"),
    Table("avh_align_silence.csv", "Leading silence and detectors before and after trimming, AUC", _AVH, "poster"),
    Table("avh_align_results.csv", "Detectors before and after trimming, AUC", _AVH, "poster"),
    Table("havic_table2_intra_favc.csv", "FakeAVCeleb, 70/30 split", _HAVIC, "table 2"),
    Table("havic_table3_kodf.csv", "FakeAVCeleb to KoDF", _HAVIC, "table 3"),
    Table("havic_table4_hifi_avdf.csv", "FakeAVCeleb to HiFi-AVDF", _HAVIC, "table 4"),
    Table("havic_cross_manipulation_favc.csv", "FakeAVCeleb, one manipulation left out", _HAVIC, "supplement"),
    Table("havic_ablations.csv", "Ablations", _HAVIC, "tables 5, 6 and S5 to S8"),
    Table("havic_complexity.csv", "Complexity", _HAVIC, "tables S9 and S10"),
    Table("havic_runs.csv", "Five runs", _HAVIC, "supplement"),
)
"""Every published table, in the order in which it is shown."""


ENCODERS = {
    "avhubert_a.random": "AV-HuBERT (A) random",
    "avhubert_v.random": "AV-HuBERT (V) random",
    "wav2vec2_xlsr_2b": "Wav2Vec2 XLS-R 2B",
    "autoavsr_a": "Auto-AVSR (ASR)",
    "avhubert_a": "AV-HuBERT (A)",
    "braven_a": "BRAVEn (A)",
    "clip_l14": "CLIP ViT-L/14",
    "videomae_l": "VideoMAE-large",
    "autoavsr_v": "Auto-AVSR (VSR)",
    "avhubert_v": "AV-HuBERT (V)",
    "braven_v": "BRAVEn (V)",
    "autoavsr_av": "Auto-AVSR",
    "avhubert_av": "AV-HuBERT",
}
"""What SSR-DFD calls our encoders. FSFM is not among them: the paper's was probably fine-tuned (`docs/encoders.md`)."""
_SETS = {"favc.ssr": "favc", "av1m.ssr": "av1m", "avlips": "avlips"}
"""What SSR-DFD calls our protocols; its face tracks of Deepfake-Eval-2024 are not published."""


def linear_probe(encoder: str, train: str, test: str) -> dict[str, Any] | None:
    """SSR-DFD's AUC in [0, 1] of a linear probe on an encoder, and where it stands; None where there is none."""
    pair = f"{_SETS.get(train)}->{_SETS.get(test)}"
    header, rows = read(_TABLE_2.file)
    found = [row for row in rows if row[0] == ENCODERS.get(encoder)]
    if not found or pair not in header:
        return None
    return {
        "value": round(float(found[0][header.index(pair)]) / 100, 6),
        "source": f"{_TABLE_2.paper}, {_TABLE_2.where}",
    }


def read(name: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one file in `published/`, as printed.

    Raises:
        ValueError: a row has more or fewer cells than the header; file and line are named.
    """
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise ValueError(f"{name}, line {number}: {len(row)} cells under a header of {len(header)}")
    return header, rows


def markdown() -> str:
    """All published tables, each with its source."""
    head = ["# Published numbers", "Reported by the papers, not measured here. Percentages, as printed; empty is –."]
    return "\n\n".join(head + [_section(entry) for entry in TABLES]) + "\n"


def _section(entry: Table) -> str:
    header, rows = read(entry.file)
    body = table(header, [[cell or "–" for cell in row] for row in rows])
    return f"## {entry.title}\n\nSource: {entry.paper}, {entry.where}. File: `published/{entry.file}`.\n\n{body}"
