"""Names, composition and what happens to modules that do not import."""

import subprocess
import sys
from typing import Any

import pytest

from detectors.cards import DetectorCard, EncoderCard
from detectors.registry import Registry, RegistryError, UnknownNameError, check_name, register, row, rows
from paths import ROOT


@pytest.mark.parametrize("name", ["blood", "goodnet", "wind", "a_to_b", "two-parts", "Upper", "dot.ted", "", "späť"])
def test_names_that_would_break_selection_are_refused(name: str) -> None:
    with pytest.raises(RegistryError, match="the name"):
        check_name(name)


def test_a_name_is_registered_once_and_a_clash_names_both_modules() -> None:
    card = DetectorCard("silence", "audio", frozenset(), "another", "none", "none")
    rows()
    with pytest.raises(RegistryError, match=r"detectors\.silence and again by test_registry"):
        register(card)(type("Other", (), {"__module__": "test_registry"}))


@pytest.mark.parametrize("odd", [{"needs": {"real"}}, {"needs": "real"}, {"modality": "video"}])
def test_a_card_that_would_stop_others_is_refused(odd: dict[str, Any]) -> None:
    fields = {"modality": "audio", "needs": frozenset()} | odd
    with pytest.raises(RegistryError, match=r"odd_card: .*write|odd_card: .*there are"):
        register(DetectorCard("odd_card", summary="", licence="", citation="", **fields))


def test_unknown_names_get_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*tiny_v-linear"):
        row("tiny_v-linaer")
    with pytest.raises(UnknownNameError, match=r"there are: .*silence"):
        row("xyzzy")


def test_encoders_compose_with_heads_and_random_is_a_modifier() -> None:
    plain, random = row("tiny_av-linear"), row("tiny_av.random-linear")
    assert (plain.encoder, plain.head, plain.random, plain.seeds) == ("tiny_av", "linear", False, (43,))
    assert (random.encoder, random.random, random.seeds, random.scope) == ("tiny_av", True, (0, 1, 2), "tiny_av.random")
    assert random.control and not plain.control
    assert len({known.name for known in rows()}) == len(rows())


def test_tables_are_told_apart_by_card() -> None:
    empty = Registry()
    assert empty.table(EncoderCard("a", "audio", 1, 25, "", "", "")) is empty.encoders
    assert empty.table(DetectorCard("a", "audio", frozenset(), "", "", "")) is empty.detectors


def test_a_module_that_fails_to_import_is_kept_with_its_traceback_and_stops_nothing(tmp_path, monkeypatch) -> None:
    code = (
        "import sys, detectors; detectors.__path__.append(sys.argv[1]);"
        "from detectors.registry import registry, rows;"
        "assert 'silence' in [r.name for r in rows()];"
        "assert 'torch' not in sys.modules;"
        "print(registry().broken['detectors.broken_plugin'])"
    )
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('no such model')\n")
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert "no such model" in run.stdout and "broken_plugin.py" in run.stdout
