"""`fetch` and `verify`: get the checkpoints of published encoders, and see that they are what they were."""

import argparse
import logging
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from datasets.errors import in_words
from datasets.files import in_bytes
from detectors.cards import Weights
from detectors.fetching.files import WeightsError, hash_of, located, pin_of, repin, size_of
from detectors.fetching.folder import weights_root

from .named import every_weights, spelled_out, weights_of
from .progress import progress

log = logging.getLogger("avdf")
_LARGE = 200_000_000
"""Bytes from which hashing is announced."""


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser(
        "fetch",
        help="get the weights of encoders",
        description="Downloads the checkpoints of encoders into the weights folder (AVDF_WEIGHTS, else weights in the "
        "cache folder), and models of the Hugging Face hub into its own cache (HF_HOME). What is here already is "
        "left alone, and a download that was cut is continued. Where only a browser can download a file, the steps "
        "are printed. What has no published hash is pinned. Exit status: 0, 1 when one is still not here, 2 for a "
        "usage error.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="encoders, such as avhubert_v or braven_v.pretrained, or a .py file that registers some",
    )
    parser.add_argument("--all", action="store_true", help="those of every encoder, without their other forms")
    parser.set_defaults(run=partial(_fetch, parser))
    parser = commands.add_parser(
        "verify",
        help="hash the weights that are here, and compare them with what was published or pinned",
        description="Reads every checkpoint that is here and compares its SHA-256 with the published one, or else "
        "with the one that was pinned at its first use. Exit status: 0, 1 when one has changed or a named one is not "
        "here, 2 for a usage error.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="encoders, or a .py file that registers some (default: all whose weights are here)",
    )
    parser.add_argument("--repin", action="store_true", help="accept the named ones as they are now; results change")
    parser.set_defaults(run=partial(_verify, parser))


def _fetch(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if bool(options.names) == options.all:
        parser.error("name encoders, or give --all")
    wanted = list(every_weights(variants=False)) if options.all else _named(options.names)
    progress()
    try:
        failed = [weights.file for name, weights in wanted if not _fetched(name, weights)]
    except KeyboardInterrupt:
        print("stopped; the same command continues from there", file=sys.stderr)
        return 1
    if failed:
        print(f"{len(failed)} of {len(wanted)} are not here or not usable: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _named(names: Iterable[str]) -> list[tuple[str, Weights]]:
    """The checkpoints of encoders, each once; of one that needs none it is said.

    Raises:
        UnknownNameError, TagError: a name is none.
    """
    found: dict[Weights, str] = {}
    without = []
    for name in spelled_out(names):
        weights = weights_of(name)
        if weights is None:
            without.append(name)
        else:
            found.setdefault(weights, name)
    for name in without:
        print(f"{name} needs no weights")
    return [(name, weights) for weights, name in found.items()]


def _fetched(name: str, weights: Weights) -> bool:
    """Fetch one and pin it, and say where it is; or say why not, and what to do."""
    from detectors.fetching.downloads import ByHandError, fetch

    here = located(weights)
    if here is None and not weights.drive:
        size = f", about {in_bytes(weights.size)}" if weights.size else ""
        log.info("%s: fetching %s from %s%s; licence: %s", name, weights.file, _origin(weights), size, weights.licence)
    try:
        path = fetch(weights, name)
        _announce(weights)
        print(f"{name}: {'already here' if here else 'fetched'}: {path} (SHA-256 {hash_of(weights, name)})", flush=True)
        return True
    except ByHandError as error:
        print(f"{name}: {error}", flush=True)
    except (WeightsError, OSError) as error:
        print(f"error: {name}: {in_words(error) if isinstance(error, OSError) else error}", file=sys.stderr)
    return False


def _origin(weights: Weights) -> str:
    return weights.url or weights.source


def _announce(weights: Weights) -> None:
    """Say before a large file is read."""
    path = located(weights)
    if path and size_of(path, weights) >= _LARGE:
        log.info("reading %s, %s", path, in_bytes(size_of(path, weights)))


def _verify(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.repin and not options.names:
        parser.error("--repin takes the names of the encoders whose weights are accepted as they are")
    progress()
    known = _named(options.names) if options.names else list(every_weights(variants=True))
    wanted = [(name, weights) for name, weights in known if options.names or located(weights)]
    bad = sum(not _verified(name, weights, again=options.repin) for name, weights in wanted)
    if not options.names:
        print(
            f"{len(wanted) - bad} of {len(known)} checkpoints are here and unchanged, {len(known) - len(wanted)} are "
            f"not here; weights folder: {weights_root()}"
        )
    return 1 if bad else 0


def _verified(name: str, weights: Weights, *, again: bool) -> bool:
    """Hash one and say what it was held against; or say that it has changed, or is not here."""
    try:
        before = pin_of(weights) if weights.sha256 is None else None
        _announce(weights)
        found = repin(weights, name) if again else hash_of(weights, name, anew=True)
    except (WeightsError, OSError) as error:
        print(f"error: {name}: {in_words(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        return False
    print(f"{name}: {_held(weights, before, found)}: {weights.file} (SHA-256 {found})", flush=True)
    return True


def _held(weights: Weights, before: Mapping[str, Any] | None, found: str) -> str:
    """What a checkpoint was held against."""
    if weights.sha256:
        return "as published"
    if before and before["sha256"] == found:
        return f"as pinned on {before.get('date')}"
    if before:
        return f"pinned anew, instead of {before['sha256']}"
    return "pinned now" if pin_of(weights) else "not pinned"
