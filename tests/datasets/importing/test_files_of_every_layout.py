"""What happens to a clip's file is seen in every data set alike, and costs that clip alone."""

from pathlib import Path

import pytest

import layouts
from datasets.importing import NAMES, load

WITH_LAYOUT = [name for name in NAMES if name != "folder"]
GONE = {"missing_file", "missing_video", "orphan_audio"}
"""How a clip that is not there is noticed: by its row, or by what lies beside it."""


@pytest.mark.parametrize("name", WITH_LAYOUT)
def test_the_file_of_a_clip(name: str, tmp_path: Path) -> None:
    root = layouts.copied(name, tmp_path)
    before = load(name, root)
    clip = before.clips[-1]
    file, aside = root / clip.path, tmp_path / "aside"

    def seen() -> tuple[list[tuple[str, str]], int]:
        after = load(name, root)
        new = layouts.codes(after.findings) - layouts.codes(before.findings)
        return sorted(new.elements()), len(before.clips) - len(after.clips)

    content = file.read_bytes()
    file.write_bytes(b"")
    assert seen() == ([("error", "empty_file")], 1)

    file.unlink()
    new, lost = seen()
    assert (lost, {code for _, code in new} <= GONE, len(new) <= 1) == (1, True, True)

    aside.write_bytes(content)
    file.symlink_to(aside)
    new, lost = seen()
    assert (lost, ("error", "symlink_escape") in new, len(new) <= 2) == (1, True, True)

    file.unlink()
    file.with_suffix(file.suffix.upper()).write_bytes(content)
    new, lost = seen()
    assert (lost, set(new) <= {("warning", "extension_case")}) == (0, True)
