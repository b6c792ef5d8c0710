"""The documentation's pictures of the corpus."""

import numpy as np
import pytest

from datasets.sim.pictures import shown_visemes
from datasets.sim.recipe import draw_pair
from datasets.sim.sheet import NOTICE, contact_sheet, speech_figure


def test_figures_say_what_they_show_and_shade_the_segments():
    real, fake = draw_pair(1, "sim_local", "test", 2, identities=44)
    sheet = contact_sheet([real, fake])
    assert NOTICE in sheet.get_suptitle()
    assert [axis.get_ylabel() for axis in sheet.axes] == ["sim_local\nreal", f"sim_local\n{fake.method}"]
    speech = speech_figure(real, fake)
    assert NOTICE in speech.get_suptitle()
    shaded = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in speech.axes[-1].patches]
    assert np.array(shaded) == pytest.approx(np.array(fake.segments) / 200)


def test_the_shown_opening_is_the_real_one_outside_the_segments():
    real, fake = draw_pair(1, "sim_local", "test", 2, identities=44)
    differs = (shown_visemes(real) != shown_visemes(fake)).any(axis=1)
    inside = np.zeros(fake.frames, bool)
    for begin, end in fake.segments:
        inside[begin // 8 : -(-end // 8)] = True
    assert np.array_equal(differs, inside)
