"""`bench`: clips per second of an encoder, and what takes the time."""

import argparse
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.registry import RANDOM, registry
from detectors.tags import split

from .named import encoder_card, spelled_out
from .progress import progress

if TYPE_CHECKING:
    from detectors.benching import Speed

log = logging.getLogger("avdf")
_PAIRS = 4
"""Of generated clips, a real and a fake each."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "bench",
        help="clips per second of an encoder, and the share of decoding, cropping and the network",
        description="Times an encoder from the files to its features, with nothing kept from one round to the next. "
        "Visual encoders need landmarks or a precomputed crop beside each file; without FILE, some generated clips "
        "that have them are used. An untrained form such as braven_v.random is as fast as the trained one, and needs "
        "no weights.",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        help="encoder, with its tags: avhubert_v, braven_v.random; or a .py file that registers one",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="video or sound files")
    parser.add_argument("--device", default="cpu", help="such as cuda (default: cpu)")
    parser.add_argument("--batch", type=_count, default=1, metavar="N", help="clips at once (default: 1)")
    parser.add_argument("--rounds", type=_count, default=3, metavar="N", help="of which the median counts (default: 3)")
    parser.add_argument("--threads", type=_count, metavar="N", help="of torch (default: as many as it takes)")
    parser.set_defaults(run=_bench)


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _bench(options: argparse.Namespace) -> int:
    import torch

    from datasets.sim.example import write_pairs
    from datasets.single import single
    from detectors.benching import measure
    from detectors.devices import check_device
    from detectors.protocols import Context

    name = spelled_out([options.name])[0]
    base, tags = split(name.partition("-")[0])
    card = encoder_card(name)
    check_device(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    progress()
    ctx = Context(options.device, options.batch)
    encoder = registry().encoders[base].cls(card, 0 if RANDOM in tags else None)
    with tempfile.TemporaryDirectory(prefix="avdf-bench-") as folder:
        clips = [single(path) for path in options.files] or write_pairs(Path(folder), _PAIRS)
        log.info("%s: loading", options.name)
        encoder.load(ctx)
        log.info("%s: %s clips, %s rounds", options.name, len(clips), options.rounds)
        speed = measure(encoder, clips, ctx, options.rounds)
    print(_text(speed, options))
    return 0


def _text(speed: "Speed", options: argparse.Namespace) -> str:
    import torch
    from tabulate import tabulate

    count, totals = speed.clips, sorted(speed.totals)
    rates = sorted(count / total for total in totals)
    threads = f"{torch.get_num_threads()} threads, " if options.device == "cpu" else ""
    rows = [[stage, f"{100 * speed.share(stage):.0f} %"] for stage in speed.seconds]
    return "\n".join(
        [
            f"{options.name} on {options.device} ({threads}batch {options.batch}): {count} clips of "
            f"{speed.length:.1f} s in all, median of {len(totals)} rounds",
            tabulate(rows, tablefmt="plain"),
            f"{rates[len(rates) // 2]:.3g} clips/s ({rates[0]:.3g} to {rates[-1]:.3g}), "
            f"{speed.length / totals[len(totals) // 2]:.3g} × real time; at most {speed.memory / 1e9:.2f} GB of memory",
        ]
    )
