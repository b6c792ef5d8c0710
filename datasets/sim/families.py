"""Families of artefacts, each standing for one generator. The names are invented and stand for no real tool."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A synthetic voice.

    Attributes:
        smooth: widening of the articulation's smoothing, 1 for none.
        flat: share of the pitch movement that is left.
        jitter, breath: share of the irregularity and of the breath noise that is left.
        bandwidth: widening of the formants.
        hold: pitch is held for so many hops.
        shelf: level above 4 kHz in dB.
        hum: level of a tone complex at the vocoder's block rate in dB below the voice, None for none.
        mels: bands of a mel spectrum that the sound is rebuilt from, None for no rebuilding.
        smear: smoothing of that spectrum over time, in frames of 8 ms.
    """

    smooth: float = 1.0
    flat: float = 1.0
    jitter: float = 1.0
    breath: float = 1.0
    bandwidth: float = 1.0
    hold: int = 1
    shelf: float = 0.0
    hum: float | None = None
    mels: int | None = None
    smear: float = 0.0


@dataclass(frozen=True)
class Lips:
    """A generator of mouths, or of whole faces where `swap` is set.

    Attributes:
        smooth: smoothing of the mouth's movement over time, in hops.
        lag: largest delay or lead against the sound, in hops.
        gain: share of the opening that is left.
        blur: standard deviation in pixels of the blur inside the mask.
        seam: softness of the mask's edge, relative to the mask.
        shake: standard deviation of the mask's displacement between frames, in pixels.
        tint: standard deviation of the colour error.
        swap: another face's features are drawn.
    """

    smooth: float
    lag: int
    gain: float
    blur: float
    seam: float
    shake: float
    tint: float
    swap: bool = False


VOICES = {
    "voc_a": Voice(smooth=1.7, flat=0.6, jitter=0.4, mels=48, smear=0.8, shelf=-2.0),
    "voc_b": Voice(smooth=2.8, flat=0.5, jitter=0.05, breath=0.15, bandwidth=1.4, shelf=-3.0),
    "voc_c": Voice(smooth=2.6, flat=0.7, jitter=0.1, breath=0.4, bandwidth=1.25, hold=6, shelf=-2.0, hum=-42.0),
    "voc_d": Voice(smooth=2.4, flat=0.8, jitter=0.4, breath=0.5, bandwidth=1.2, shelf=-3.0, hum=-42.0),
}
LIPS = {
    "lip_a": Lips(smooth=4.2, lag=12, gain=0.86, blur=0.50, seam=0.15, shake=0.20, tint=0.008),
    "lip_b": Lips(smooth=4.0, lag=8, gain=0.86, blur=0.45, seam=0.20, shake=0.15, tint=0.008),
    "lip_c": Lips(smooth=4.2, lag=10, gain=0.85, blur=0.30, seam=0.30, shake=0.20, tint=0.008),
    "lip_d": Lips(smooth=4.2, lag=14, gain=0.85, blur=0.50, seam=0.25, shake=0.20, tint=0.008),
    "swap_a": Lips(smooth=2.0, lag=0, gain=0.90, blur=0.55, seam=0.12, shake=0.40, tint=0.012, swap=True),
    "swap_b": Lips(smooth=1.5, lag=0, gain=0.95, blur=0.60, seam=0.25, shake=0.25, tint=0.012, swap=True),
    "swap_c": Lips(smooth=1.5, lag=0, gain=0.95, blur=0.50, seam=0.30, shake=0.20, tint=0.012, swap=True),
}
REAL, NULL = "real", "null"
METHODS = {
    "sim_whole": ("voc_a", "swap_a", "lip_a", "swap_b", "voc_a+lip_a", "voc_a+swap_a", "voc_a+swap_b"),
    "sim_local": ("voc_b", "lip_b", "voc_b+lip_b", "voc_c", "lip_b", "voc_c+lip_b"),
    "sim_lip": ("lip_a", "lip_b", "lip_c"),
    "sim_wild": ("voc_d", "swap_c", "lip_d", "voc_d+lip_d"),
    "sim_null": (NULL,),
}
