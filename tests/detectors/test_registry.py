"""Names, composition, where modules come from, and what happens to those that do not import."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import plugins
from detectors.cardcheck import check_name, legal_name
from detectors.cards import DetectorCard, EncoderCard, HeadCard
from detectors.compose import build
from detectors.plugins import BUILT_IN
from detectors.protocols import Context
from detectors.registry import (
    BrokenModuleError,
    Registry,
    RegistryError,
    UnknownNameError,
    broken_names,
    register,
    registry,
    row,
    rows,
)
from detectors.store import FeatureStore
from paths import ROOT

CARD = DetectorCard("blinking", "visual", frozenset(), "how often the eyes close", "Apache-2.0", "a test")
ENCODER = EncoderCard("blink", "visual", 4, 25, "a summary", "Apache-2.0", "a test")
FILE = """
from detectors.cards import DetectorCard
from detectors.registry import register

@register(DetectorCard("{name}", "visual", frozenset(), "a summary", "Apache-2.0", "a test"))
class Blinking:
    def __init__(self, card): self.card = card
    def fit(self, train, val, ctx): ...
    def load(self, folder, ctx): ...
"""


class Whole:
    def __init__(self, card: Any) -> None:
        self.card = card

    def fit(self, train: Any, val: Any, ctx: Any) -> Any: ...

    def load(self, folder: Any, ctx: Any) -> Any: ...


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("blood", "'ood', and -k ood"),
        ("goodnet", "'ood'"),
        ("wind", "'ind', and -k ind"),
        ("contract_net", "-k contract"),
        ("a_to_b", "'_to_', and it joins the two data sets"),
    ],
)
def test_names_that_would_break_selection_are_refused_with_the_part_that_does(name: str, part: str) -> None:
    with pytest.raises(RegistryError, match=f"the name '{name}' contains .*{part}.*choose another name"):
        check_name(name)


@pytest.mark.parametrize("name", ["two-parts", "Upper", "dot.ted", "", "späth", None, 7])
def test_names_with_other_characters_are_refused(name: Any) -> None:
    with pytest.raises(RegistryError, match="may hold only a-z, 0-9 and _"):
        check_name(name)


@given(st.text(max_size=12) | st.lists(st.sampled_from(["ood", "_to_", "ind", "contract", "o", "_"])).map("".join))
def test_every_stem_becomes_a_legal_name(stem: str) -> None:
    check_name(legal_name(stem))


def test_a_legal_stem_stays_as_it_is() -> None:
    assert (legal_name("flicker_2"), legal_name("Good-Net")) == ("flicker_2", "goo_d_net")


def test_a_name_is_registered_once_and_a_clash_names_both_modules() -> None:
    rows()
    with pytest.raises(
        RegistryError, match=r"'silence' is registered by detectors\.silence and again by test_registry"
    ):
        register(replace(CARD, name="silence"))(type("Other", (Whole,), {"__module__": "test_registry"}))


@pytest.mark.parametrize(
    "odd",
    [
        {"needs": {"real"}},
        {"needs": "real"},
        {"modality": "video"},
        {"licence": ""},
        {"summary": None},
        {"citation": " "},
        {"version": "1"},
        {"logit": 0},
    ],
)
def test_a_card_that_is_not_complete_is_refused_and_says_what_to_write(odd: dict[str, Any]) -> None:
    (field,) = odd
    with pytest.raises(RegistryError, match=rf"blinking: {field} is .* on its card; write {field}="):
        register(replace(CARD, **odd))


@pytest.mark.parametrize("odd", [{"dim": 0}, {"fps": -1}, {"taps": ()}, {"taps": "last"}, {"pretraining": "lrs3"}])
def test_an_encoder_card_is_checked_too(odd: dict[str, Any]) -> None:
    with pytest.raises(RegistryError, match=rf"blink: {next(iter(odd))} is .* on its card; write"):
        register(replace(ENCODER, **odd))


def test_a_decorator_without_a_card_is_refused() -> None:
    with pytest.raises(RegistryError, match=r"write @register\(CARD\) above the class"):
        register(Whole)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("card", "missing", "words"),
    [
        (CARD, "fit", r"no fit; write `def fit\(self, train, val, ctx\)`"),
        (CARD, "load", r"no load; write `def load\(self, folder, ctx\)`"),
        (HeadCard("blink", frozenset(), "a summary", "a test"), "load", r"write `def load\(self, folder\)`"),
        (ENCODER, "encode", r"write `def encode\(self, clip, taps="),
        (ENCODER, "load", r"write `def load\(self, ctx\)`"),
        (CARD, "__init__", r"built as Part\(card\).*write `def __init__\(self, card\)`"),
    ],
)
def test_a_class_that_lacks_a_method_is_refused(card: Any, missing: str, words: str) -> None:
    methods: dict[str, Any] = {name: lambda self, *_: None for name in ("__init__", "fit", "load", "encode")}
    del methods[missing]
    with pytest.raises(RegistryError, match=words):
        register(card)(type("Part", (), methods))


def test_an_encoder_is_built_with_a_seed() -> None:
    class Part:
        def __init__(self, card: Any) -> None: ...

        def load(self, ctx: Any) -> None: ...

        def encode(self, clip: Any, taps: Any) -> None: ...

    with pytest.raises(
        RegistryError, match=r"Part\(card, seed\), which fails .*`def __init__\(self, card, seed=None\)"
    ):
        register(ENCODER)(Part)


def test_unknown_names_get_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*tiny_v-linear"):
        row("tiny_v-linaer")
    with pytest.raises(UnknownNameError, match=r"there are: .*silence"):
        row("xyzzy")
    with pytest.raises(UnknownNameError, match=r"'tiny_w'; did you mean .*tiny_v"):
        plugins.chosen(["tiny_w"])


def test_encoders_compose_with_heads_and_random_is_a_modifier() -> None:
    plain, random = row("tiny_av-linear"), row("tiny_av.random-linear")
    assert (plain.encoder, plain.head, plain.random, plain.seeds) == ("tiny_av", "linear", False, (43,))
    assert (random.encoder, random.random, random.seeds, random.scope) == ("tiny_av", True, (0, 1, 2), "tiny_av.random")
    assert random.control and not plain.control
    assert len({known.name for known in rows()}) == len(rows())


def test_a_row_knows_its_modules() -> None:
    assert row("tiny_av.random-linear").modules == ("detectors.encoders.tiny", "detectors.heads.linear")
    assert row("silence").modules == ("detectors.silence",)


def test_tables_are_told_apart_by_card() -> None:
    empty = Registry()
    assert empty.table(EncoderCard("a", "audio", 1, 25, "", "", "")) is empty.encoders
    assert empty.table(DetectorCard("a", "audio", frozenset(), "", "", "")) is empty.detectors


def test_built_in_modules_are_those_that_register() -> None:
    for module in plugins.BUILT_IN:
        tables = (registry().encoders, registry().heads, registry().detectors)
        assert any(entry.module == module for table in tables for entry in table.values()), module


def test_a_file_is_loaded_once_and_gives_its_names(known: Registry, tmp_path: Path) -> None:
    path = written(tmp_path, "scratch.py", FILE.format(name="blinking"))
    assert plugins.load_file(path) == ("blinking",)
    cls = known.detectors["blinking"].cls
    assert plugins.load_file(path) == ("blinking",) and known.detectors["blinking"].cls is cls
    assert row("blinking").modules == (str(path.resolve()),)
    assert plugins.chosen([str(path), "tiny_v", "linear"]) == {"blinking", "tiny_v", "linear"}


def test_a_file_of_the_package_is_not_loaded_again(known: Registry) -> None:
    assert plugins.load_file(ROOT / "detectors" / "silence.py") == ("silence",)
    assert set(plugins.load_file(ROOT / "detectors" / "encoders" / "tiny.py")) == {"tiny_a", "tiny_v", "tiny_av"}
    assert not known.broken


def test_a_file_can_import_what_lies_beside_it(known: Registry, tmp_path: Path) -> None:
    written(tmp_path, "beside_it.py", "NAME = 'blinking'\n")
    path = written(tmp_path, "scratch.py", "from beside_it import NAME\n" + FILE.format(name="blinking"))
    assert plugins.load_file(path) == ("blinking",)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing.py", None, r"there is no file .*missing\.py"),
        ("notes.txt", "text", r"notes\.txt is no \.py file"),
        ("", None, r"is a folder; give the \.py file in it"),
        ("empty.py", "import json\n", r"empty\.py registers nothing; write @register\(CARD\)"),
    ],
)
def test_a_path_that_cannot_be_used_says_so(
    known: Registry, tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    path = written(tmp_path, name, text) if text else tmp_path / name
    with pytest.raises(RegistryError, match=words):
        plugins.chosen([str(path)])


def test_a_name_with_a_file_beside_gets_the_file_suggested(
    known: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "blinking.py", FILE.format(name="blinking"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownNameError, match=r"did you mean the file blinking\.py\?"):
        plugins.chosen(["blinking"])


FAULTS = {
    "error": ("raise RuntimeError('no such model\\nand more')\n", "RuntimeError: no such model"),
    "syntax": ("def (:\n", "SyntaxError: invalid syntax (scratch.py, line"),
    "exit": ("import sys; sys.exit(3)\n", "SystemExit: 3"),
    "exit of a kind": ("import pytest; pytest.skip('no', allow_module_level=True)\n", "Skipped: no"),
    "import": ("import nonsense_that_is_not_there\n", "ModuleNotFoundError: No module named 'nonsense"),
    "silent": ("raise ValueError\n", "ValueError"),
    "card": (
        FILE.format(name="eyes").replace(', "a test"', ""),
        "TypeError: DetectorCard.__init__() missing 1 required",
    ),
    "clash": (
        FILE.format(name="silence"),
        "RegistryError: 'silence' is registered by detectors.silence and again by /",
    ),
    "reserved": (FILE.format(name="blindness"), "RegistryError: the name 'blindness' contains 'ind'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_fails_has_cells_that_fail_with_its_own_traceback(
    known: Registry, tmp_path: Path, fault: str
) -> None:
    text, reason = FAULTS[fault]
    path = written(tmp_path, "scratch.py", FILE.format(name="blinking") + text)  # what it registers first is taken back
    before = [known.name for known in rows()]
    assert plugins.load_file(path) == plugins.load_file(path) == ("scratch",)
    assert [known.name for known in rows()] == [*before, "scratch"]
    broken = row("scratch").broken
    assert broken is not None and broken.reason.startswith(reason) and "\n" not in broken.reason
    assert "importlib" not in broken.traceback and "plugins.py" not in broken.traceback
    assert str(path) in broken.traceback and reason.partition(":")[0] in broken.traceback
    assert known.detectors["silence"].module == "detectors.silence"
    if fault == "card":
        assert "write citation='the paper" in broken.traceback
    with pytest.raises(BrokenModuleError, match=r"scratch\.py does not import"):
        build("scratch", 43, FeatureStore(tmp_path), Context())


def test_the_name_of_failing_cells_is_legal_and_nobody_elses(known: Registry, tmp_path: Path) -> None:
    for name in ("silence.py", "Good-Net.py", "tiny_a.py"):
        plugins.load_file(written(tmp_path, name, "1 / 0\n"))
    assert list(broken_names()) == ["silence_broken", "goo_d_net", "tiny_a_broken"]


def test_a_signature_sees_the_text_of_a_file_and_not_its_place(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from detectors.plugins import load_file;"
        "from detectors.compose import build; from detectors.protocols import Context;"
        "(name,) = load_file(Path(sys.argv[1])); print(build(name, 43, None, Context())[1])"
    )

    def signature(path: Path) -> str:
        run = subprocess.run(
            [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    path = written(tmp_path, "scratch.py", FILE.format(name="blinking"))
    first = signature(path)
    assert signature(path.rename(tmp_path / "elsewhere.py")) == first
    assert signature(written(tmp_path, "scratch.py", FILE.format(name="blinking") + "# \n")) != first


def test_a_module_that_fails_to_import_is_kept_with_its_traceback_and_stops_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, detectors; detectors.__path__.append(sys.argv[1]);"
        "from detectors.registry import registry, rows;"
        "assert [r.name for r in rows()][-3:] == ['silence', 'a_first', 'broken_plugin'];"
        "assert registry().detectors['silence'].module == 'detectors.silence';"
        "assert 'detectors.silence and again by detectors.a_first' in registry().broken['detectors.a_first'].reason;"
        "assert 'torch' not in sys.modules;"
        "print(registry().broken['detectors.broken_plugin'].traceback)"
    )
    written(tmp_path, "broken_plugin.py", "raise RuntimeError('no such model')\n")
    written(tmp_path, "a_first.py", FILE.format(name="silence"))  # found before the built-in one, which wins
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert "no such model" in run.stdout and "broken_plugin.py" in run.stdout


def test_every_committed_module_that_registers_is_among_the_built_in_ones() -> None:
    tracked = subprocess.run(["git", "ls-files", "detectors"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout, so that built-in modules cannot be told from others")
    registering = {
        name.removesuffix(".py").replace("/", ".")
        for name in tracked.stdout.splitlines()
        if name.endswith(".py") and "\n@register(" in (ROOT / name).read_text()
    }
    assert registering == set(BUILT_IN)
