"""Train the small audio-visual encoder on the generated real clips: `python -m detectors.pretrain_tiny --out FILE`.

Writes the encoder's weights alone, float16 safetensors of about 1.2 MB. One thread, so that the same machine gives the
same file again; another machine gives slightly other weights.
"""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.clip import FPS, Clip
from datasets.files import write_atomic

from .encoders.frontend import log_mel, sound

if TYPE_CHECKING:
    from .nets.pretraining import Streams
    from .nets.tiny import TinyNet


def read_streams(clip: Clip) -> "Streams":
    """Mouth pictures and log-mel rows of one clip, cut to the shorter."""
    from .nets.pretraining import Streams
    from .nets.tiny import EDGE

    pictures, rows = np.array(clip.frames(FPS, "mouth", EDGE)), log_mel(sound(clip))
    count = min(len(pictures), len(rows))
    return Streams(pictures[:count], rows[:count])


def to_bytes(net: "TinyNet") -> bytes:
    """The network's weights as float16 safetensors."""
    import torch
    from safetensors.torch import save

    state = {name: values.contiguous() for name, values in net.state_dict().items()}
    return save({name: v.half() if v.dtype == torch.float32 else v for name, v in state.items()})


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate the clips where they are missing, train, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the safetensors file to write")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights and of all draws")
    parser.add_argument("--corpus-seed", type=int, default=0, help="of the generated clips")
    chosen = parser.parse_args(arguments)
    data = pretrain(chosen.epochs, chosen.seed, chosen.corpus_seed)
    write_atomic(chosen.out, data)
    print(f"{chosen.out}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


def pretrain(epochs: int, seed: int, corpus_seed: int) -> bytes:
    """The checkpoint's bytes; prints losses and retrieval, the latter on clips that decide nothing."""
    import torch
    from tqdm import tqdm

    from datasets.sim.build import ensure, folder
    from datasets.sim.plan import plan

    from .nets.pretraining import retrieval, train

    torch.set_num_threads(1)
    ensure(["sim_real"], seed=corpus_seed)
    clips = plan("sim_real", seed=corpus_seed, root=folder(corpus_seed))
    read = {
        split: [read_streams(clip) for clip in tqdm([c for c in clips if c.split == split], f"reading {split}")]
        for split in ("train", "val")
    }
    with tqdm(total=epochs, desc="training", unit="epoch") as bar:

        def report(epoch: int, losses: dict[str, float]) -> None:
            bar.write(f"epoch {epoch + 1}: " + ", ".join(f"{name} {loss:.3f}" for name, loss in losses.items()))
            bar.update()

        model = train(read["train"], epochs, seed, report)
    found, chance = retrieval(model, read["val"])
    print(f"retrieval of the picture from the sound, {len(read['val'])} clips: {found:.3f} (chance {chance:.3f})")
    return to_bytes(model.net)


if __name__ == "__main__":
    main()
