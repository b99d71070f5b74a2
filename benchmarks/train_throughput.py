"""Training throughput: tinct's loop, a textbook PyTorch loop, and tinct's training step on tensors that are in memory already.

    python benchmarks/train_throughput.py [--data DIR|SHARD] [--model autoencoder|vae|tinct] [--pictures N] [--rounds N]

Without --data it makes JPEG pictures of 640 × 480 from scikit-image's sample photographs. The textbook loop is the usual first
version: Pillow decodes and reduces every picture in every epoch, in single precision. Model, pictures, batch size and optimizer are the
same. The flagship has no textbook loop, and is timed in its first stage. The loops are timed in turn and ratios taken round by round, so
that other work on the machine affects all of them alike.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from tinct.data import load_pictures
from tinct.models import MODELS
from tinct.training import Machine, TrainConfig, load_recipe, task
from tinct.training.loop import epoch_batches, set_up, train_step
from tinct.training.position import Position


class Textbook(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """(1, S, S) gray and (3, S, S) color, decoded whenever asked for."""

    def __init__(self, files: list[bytes], size: int) -> None:
        self.files, self.size = files, size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        picture = Image.open(io.BytesIO(self.files[i])).convert("RGB")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side)).resize((self.size, self.size), Image.Resampling.BOX)
        color = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        gray = torch.from_numpy(np.array(picture.convert("L")))[None].float() / 255
        return gray, color


def textbook_epoch(config: TrainConfig, files: list[bytes]) -> Callable[[], float]:
    """A function that trains one epoch and returns pictures a second."""
    network = task.build(config).to(memory_format=torch.contiguous_format)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.lr)
    loader = DataLoader(Textbook(files, config.size), batch_size=config.batch, shuffle=True)

    def epoch() -> float:
        started = time.perf_counter()
        for gray, color in loader:
            optimizer.zero_grad()
            if network.has_code:
                output = network(gray, torch.randn(len(gray), network.latent))
                kl = -0.5 * (1 + output.log_variance - output.mean.square() - output.log_variance.exp()).sum(1).mean()
                loss = torch.nn.functional.mse_loss(output.rgb, color) + kl / color[0].numel()
            else:
                loss = torch.nn.functional.mse_loss(network(gray), color)
            loss.backward()
            optimizer.step()
            loss.item()
        return len(files) / (time.perf_counter() - started)

    return epoch


def our_epoch(config: TrainConfig, cache: Path, run: Path, *, in_memory: bool) -> Callable[[], float]:
    """The same for tinct's loop; `in_memory` gives it one prepared batch again and again instead of pictures."""
    pictures = load_pictures(config.picture_settings(), cache)
    state = set_up(config, pictures, Machine(accelerator="cpu").fabric(run))
    if in_memory:
        batch = config.stage(0).batch
        sizes = {min(batch, len(pictures.train)), len(pictures.train) % batch} - {0}
        ready = {n: state.task.train_batch(pictures.train[:n], state.position) for n in sizes}
        state.task.train_batch = lambda indices, position: ready[len(indices)]  # type: ignore[method-assign]

    def epoch() -> float:
        state.position = Position()
        state.module.train()
        started = time.perf_counter()
        for batch in epoch_batches(state):
            train_step(state, batch)
        return state.position.epoch_pictures / (time.perf_counter() - started)

    return epoch


def sample_files(folder: Path, count: int) -> None:
    """`count` JPEG pictures of 640 × 480: crops of scikit-image's samples."""
    from skimage import data

    generator = np.random.default_rng(0)
    originals = [Image.fromarray(picture) for picture in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket())]
    for i in range(count):
        original = originals[i % len(originals)]
        width = int(generator.integers(160, min(original.width, original.height * 4 // 3)))
        left, top = (
            int(generator.integers(0, extent + 1)) for extent in (original.width - width, original.height - width * 3 // 4)
        )
        crop = original.crop((left, top, left + width, top + width * 3 // 4))
        crop.resize((640, 480)).save(folder / f"{i:05d}.jpg", quality=90)


def read_files(data: Path, names: list[str]) -> list[bytes]:
    """The bytes of the pictures with these names in a folder or shard."""
    if data.is_dir():
        return [(data / name).read_bytes() for name in names]
    with tarfile.open(data) as tar:
        return [tar.extractfile(name.partition("/")[2]).read() for name in names]  # type: ignore[union-attr]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="autoencoder")
    parser.add_argument("--pictures", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        data = arguments.data
        if data is None:
            data = root / "pictures"
            data.mkdir()
            sample_files(data, arguments.pictures)
        config = replace(load_recipe(arguments.model), data=(str(data),), pictures=arguments.pictures, minutes=0.0)
        config = replace(config, stages=tuple(replace(stage, until=1.0) for stage in config.stages[:1]))
        started = time.perf_counter()
        pictures = load_pictures(config.picture_settings(), root / "cache")
        decoding = time.perf_counter() - started
        names = [pictures.names[i] for i in pictures.train]
        textbook = {} if MODELS[arguments.model].has_bins else {"textbook loop": textbook_epoch(config, read_files(data, names))}
        epochs = textbook | {
            "tinct, ready tensors": our_epoch(config, root / "cache", root / "run", in_memory=True),
            "tinct": our_epoch(config, root / "cache", root / "run", in_memory=False),
        }
        for epoch in epochs.values():
            epoch()  # a warm-up that is not counted
        speeds: dict[str, list[float]] = {name: [] for name in epochs}
        for _ in range(arguments.rounds):
            for name, epoch in epochs.items():
                speeds[name].append(epoch())
        stage = config.stage(0)
        print(f"{arguments.model}, {stage.size} px, batch {stage.batch}, {len(names)} pictures, {torch.get_num_threads()} threads")
        for name, values in speeds.items():
            print(f"  {name:22s} {statistics.median(values):7.1f} pictures/s   (least {min(values):.1f}, most {max(values):.1f})")
        cost = [1 - a / b for a, b in zip(speeds["tinct"], speeds["tinct, ready tensors"], strict=True)]
        print(f"  of our time, data takes {statistics.median(cost):.1%}   (least {min(cost):.1%}, most {max(cost):.1%})")
        if not textbook:
            return
        ratio = [a / b for a, b in zip(speeds["tinct"], speeds["textbook loop"], strict=True)]
        print(f"  tinct / textbook: {statistics.median(ratio):.2f}×   (least {min(ratio):.2f}, most {max(ratio):.2f})")
        total = len(names) * config.epochs
        ours = total / statistics.median(speeds["tinct"]) + decoding
        print(
            f"  all {config.epochs} epochs, our one decoding ({decoding:.1f} s) included: {total / statistics.median(speeds['textbook loop']) / ours:.2f}×"
        )


if __name__ == "__main__":
    main()
