"""The checkpoints of published encoders: where they are, and what is known of them.

None has a published SHA-256; the first use pins what it finds. Names, links and licences are those of the pages in
2026. Sizes are about right: stated by a page, seen by someone who had the file, or, for XLS-R, those of its 2.16
thousand million parameters; None where unknown. No model of the hub is held at a commit, since none is known that the
papers used.
"""

from ..cards import Weights

_RAVEN = "https://github.com/ahaliassos/raven"
_AUTO_AVSR = "https://github.com/mpc001/auto_avsr"
_VSR4ML = "https://github.com/mpc001/Visual_Speech_Recognition_for_Multiple_Languages"
_FSFM = "Wolowolo/fsfm-3c"
_AVHUBERT_LICENCE = "AV-HuBERT license of Meta: research only, not commercial"
_RAVEN_LICENCE = "none stated for the weights; code: MIT"
_AUTO_AVSR_LICENCE = "Apache-2.0; terms of the training data may add to it"
_VSR4ML_LICENCE = "comparison and benchmarking only, not commercial"


def _avhubert(place: str, size: int) -> Weights:
    return Weights(
        file=place.rpartition("/")[2],
        sha256=None,
        source="https://facebookresearch.github.io/av_hubert/",
        licence=_AVHUBERT_LICENCE,
        url=f"https://dl.fbaipublicfiles.com/avhubert/model/lrs3_vox/{place}",
        size=size,
    )


def _by_hand(file: str, drive: str, source: str, licence: str, size: int | None = None) -> Weights:
    return Weights(file=file, sha256=None, source=source, licence=licence, drive=drive, size=size)


def _fsfm(file: str) -> Weights:
    page = f"https://huggingface.co/{_FSFM}"
    return Weights(f"{_FSFM}/{file}", None, page, "CC-BY-NC-4.0", hub=_FSFM, files=(file,))


def _hub(name: str, licence: str, size: int | None = None) -> Weights:
    return Weights(name, None, f"https://huggingface.co/{name}", licence, hub=name, size=size)


AVHUBERT_LARGE_VSR = _avhubert("vsr/self_large_vox_433h.pt", 5_730_000_000)
"""Large, fine-tuned for lip reading with self-training; the one of SSR-DFD and AVH-Align."""
AVHUBERT_LARGE_PRETRAINED = _avhubert("clean-pretrain/large_vox_iter5.pt", 3_910_000_000)
"""Large, self-supervised alone."""

BRAVEN_VSR_LARGE = _by_hand(
    "vsr_prelrs3vox2avs_large_ftlrs3vox2avs_selftrain_braven.pth",
    "1bU-bFxEiXNXNoOLKaAz6_9j7XuE7f_6r",
    _RAVEN,
    _RAVEN_LICENCE,
)
"""Fine-tuned for lip reading with self-training; the one that SSR-DFD names."""
BRAVEN_ASR_LARGE = _by_hand(
    "asr_prelrs3vox2avs_large_ftlrs3vox2avs_selftrain_braven.pth",
    "1v_OPL9ZcEGeT8cSgLO5QX16esVFAuzbq",
    _RAVEN,
    _RAVEN_LICENCE,
)
"""Its counterpart on sound. SSR-DFD does not name the one that it used."""
BRAVEN_V_PRETRAINED = _by_hand(
    "braven_large_lrs3vox2avs_video.pth", "1QPLgmxXUplqgS5pCcg3s7vUw-d1EzlJr", _RAVEN, _RAVEN_LICENCE
)
"""Self-supervised alone. Its name on the page is not known; this name is ours. So is the next one's."""
BRAVEN_A_PRETRAINED = _by_hand(
    "braven_large_lrs3vox2avs_audio.pth", "1LZOChHPP8e2RnPDMOshwJ2krpjTkDT66", _RAVEN, _RAVEN_LICENCE
)

AUTOAVSR_V = _by_hand("LRS3_V_WER19.1/model.pth", "bit.ly/40EAtyX", _VSR4ML, _VSR4ML_LICENCE, 891_000_000)
"""Of the code that SSR-DFD's authors extracted features with, as the next two; each is in a zip with model.json."""
AUTOAVSR_A = _by_hand("LRS3_A_WER1.0/model.pth", "bit.ly/3ZSdh0l", _VSR4ML, _VSR4ML_LICENCE, 860_000_000)
AUTOAVSR_AV = _by_hand("LRS3_AV_WER0.9/model.pth", "bit.ly/3yRSXAn", _VSR4ML, _VSR4ML_LICENCE, 1_540_000_000)
AUTOAVSR_V_MAIN = _by_hand(
    "vsr_trlrs2lrs3vox2avsp_base.pth",
    "1r1kx7l9sWnDOCnaFHIGvOtzuhFyFA88_",
    f"{_AUTO_AVSR} (its MD5 begins with 49f77)",
    _AUTO_AVSR_LICENCE,
    1_000_000_000,
)
"""Of the main branch of auto_avsr, as the next one."""
AUTOAVSR_A_MAIN = _by_hand(
    "asr_trlrs3vox2_base.pth",
    "1YN9lwZN6iWn2qNQRpfpGpnf2r6ZTQqVT",
    f"{_AUTO_AVSR} (its MD5 begins with f0c5c)",
    _AUTO_AVSR_LICENCE,
)
AUTOAVSR_AV_V1 = _by_hand(
    "avsr_trlrwlrs2lrs3vox2avsp_base.pth",
    "1mU6MHzXMiq1m6GI-8gqT2zc2bdStuBXu",
    f"{_AUTO_AVSR}, tag v1.0.0 (its MD5 begins with 6b3c5)",
    _AUTO_AVSR_LICENCE,
)
"""Of tag v1.0.0 of auto_avsr; its main branch has no audio-visual one."""

FSFM_TUNED = _fsfm("finetuned_models/FF++_c23_32frames/checkpoint-min_val_loss.pth")
"""Fine-tuned on deepfakes; the one that the code of SSR-DFD's authors loads."""
FSFM_PRETRAINED = _fsfm("pretrained_models/VF2_ViT-B/checkpoint-400.pth")
"""Self-supervised on VGGFace2; the network without -te-, which is the one for downstream use."""
FSFM_PRETRAINED_FFPP = _fsfm("pretrained_models/FF++_o_c23_ViT-B/checkpoint-400.pth")
"""Self-supervised on what FSFM calls FF++_o, at compression c23."""

XLSR_2B = _hub("facebook/wav2vec2-xls-r-2b", "Apache-2.0", 8_640_000_000)
CLIP_L14 = _hub("openai/clip-vit-large-patch14", "MIT")
VIDEOMAE_L = _hub("MCG-NJU/videomae-large", "CC-BY-NC-4.0")

EVERY = (
    AVHUBERT_LARGE_VSR,
    AVHUBERT_LARGE_PRETRAINED,
    BRAVEN_VSR_LARGE,
    BRAVEN_ASR_LARGE,
    BRAVEN_V_PRETRAINED,
    BRAVEN_A_PRETRAINED,
    AUTOAVSR_V,
    AUTOAVSR_A,
    AUTOAVSR_AV,
    AUTOAVSR_V_MAIN,
    AUTOAVSR_A_MAIN,
    AUTOAVSR_AV_V1,
    FSFM_TUNED,
    FSFM_PRETRAINED,
    FSFM_PRETRAINED_FFPP,
    XLSR_2B,
    CLIP_L14,
    VIDEOMAE_L,
)
