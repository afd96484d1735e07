"""Writes MXNet nets with random weights: python test/zoo/mxnet.py FOLDER [NAME...].

Each as NAME-symbol.json and NAME-0000.params, by HybridBlock.export.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

# This file is called as the library is, and lies in a folder that Python looks into first.
HERE = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry).resolve() != HERE]
sys.path.append(str(HERE.parents[1] / "runtimes" / "mxnet"))

import compat  # noqa: F401
import mxnet as mx
import numpy as np
from mxnet.gluon import HybridBlock, nn
from mxnet.gluon.model_zoo import vision

# Largest difference of two outputs, in parts of the largest value: less would prove nothing.
LEAST_VARIATION = 1e-3
INPUTS = np.random.default_rng(7)

Arrays = list[mx.nd.NDArray]


class Attention(HybridBlock):
    """Self-attention of several heads over [N, LENGTH, WIDTH]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.depth = heads, width // heads
        with self.name_scope():
            self.query, self.key, self.value, self.mixed = (
                nn.Dense(width, flatten=False, in_units=width) for _ in range(4)
            )

    def split(self, F, x):
        """[N, LENGTH, WIDTH] to [N * heads, LENGTH, depth]."""
        x = F.reshape(x, shape=(0, 0, self.heads, self.depth))
        return F.reshape(F.transpose(x, axes=(0, 2, 1, 3)), shape=(-3, 0, 0))

    def hybrid_forward(self, F, x, mask):
        query, key, value = (self.split(F, each(x)) for each in (self.query, self.key, self.value))
        scores = F.batch_dot(query, key, transpose_b=True) * self.depth**-0.5
        scores = F.reshape(scores, shape=(-4, -1, self.heads, 0, 0))
        weights = F.softmax(F.broadcast_add(scores, mask), axis=-1)
        mixed = F.batch_dot(F.reshape(weights, shape=(-3, 0, 0)), value)
        mixed = F.transpose(F.reshape(mixed, shape=(-4, -1, self.heads, 0, 0)), axes=(0, 2, 1, 3))
        return self.mixed(F.reshape(mixed, shape=(0, 0, -3)))


class Encoder(HybridBlock):
    """A transformer encoder's layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        with self.name_scope():
            self.attention = Attention(width, heads)
            self.wide = nn.Dense(4 * width, flatten=False, in_units=width)
            self.narrow = nn.Dense(width, flatten=False, in_units=4 * width)
            self.norm1, self.norm2 = (nn.LayerNorm(in_channels=width) for _ in range(2))

    def hybrid_forward(self, F, x, mask):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.narrow(F.LeakyReLU(self.wide(x), act_type="gelu")))


class Bert(HybridBlock):
    """Token ids and their mask [N, LENGTH] to hidden states [N, LENGTH, WIDTH] and a pooled one."""

    TOKENS, LENGTH, WIDTH, HEADS, LAYERS = 2000, 64, 256, 4, 4

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.tokens = nn.Embedding(self.TOKENS, self.WIDTH)
            self.places = self.params.get("places", shape=(1, self.LENGTH, self.WIDTH))
            self.norm = nn.LayerNorm(in_channels=self.WIDTH)
            self.layers = [Encoder(self.WIDTH, self.HEADS) for _ in range(self.LAYERS)]
            for layer in self.layers:
                self.register_child(layer)
            self.pooler = nn.Dense(self.WIDTH, activation="tanh", in_units=self.WIDTH)

    def hybrid_forward(self, F, input_ids, attention_mask, places):
        x = self.norm(F.broadcast_add(self.tokens(input_ids), places))
        mask = F.cast(attention_mask, dtype="float32")
        # What is masked counts next to nothing.
        mask = (1 - F.expand_dims(F.expand_dims(mask, axis=1), axis=1)) * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        first = F.reshape(F.slice_axis(x, axis=1, begin=0, end=1), shape=(0, -1))
        return x, self.pooler(first)


def small() -> HybridBlock:
    net = nn.HybridSequential()
    for width in (16, 32):
        net.add(nn.Conv2D(width, 3, 2, 1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.GlobalAvgPool2D(), nn.Dense(10))
    return net


NETS: dict[str, Callable[[], HybridBlock]] = {
    "resnet18": vision.resnet18_v1,
    "mobilenet-v2": vision.mobilenet_v2_1_0,
    "bert": Bert,
    "small": small,
}


def inputs(name: str, batch: int) -> Arrays:
    """Random images, or token ids and masks."""
    if name != "bert":
        size = 32 if name == "small" else 224
        return [mx.nd.array(INPUTS.standard_normal((batch, 3, size, size)))]
    ids = INPUTS.integers(0, Bert.TOKENS, (batch, Bert.LENGTH))
    mask = INPUTS.random(ids.shape) < 0.8
    # Nothing is left to attend to where all is masked.
    mask[:, 0] = True
    return [mx.nd.array(each, dtype="int64") for each in (ids, mask)]


def first(outputs: mx.nd.NDArray | Arrays) -> np.ndarray:
    return (outputs[0] if isinstance(outputs, list) else outputs).asnumpy()


def forget(block: mx.gluon.Block) -> None:
    """Lets batch normalization go by the last batch alone."""
    if isinstance(block, nn.BatchNorm):
        block._kwargs["momentum"] = 0.0


def net(name: str) -> HybridBlock:
    """A net whose outputs vary with its input."""
    mx.random.seed(8)
    model = NETS[name]()
    model.initialize(mx.init.Normal(0.08) if name == "bert" else mx.init.MSRAPrelu())
    model.apply(forget)
    model.hybridize()
    if name != "bert":
        # On the way back batch normalization notes what it has seen.
        with mx.autograd.record():
            scores = model(*inputs(name, 8))
        scores.backward()
    one, other = (first(model(*inputs(name, 1))) for _ in range(2))
    variation = float(np.abs(one - other).max() / np.abs(one).max())
    if not variation > LEAST_VARIATION:
        raise SystemExit(f"{name}: its output varies by {variation}; expected > {LEAST_VARIATION}")
    return model


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETS:
        if name not in NETS:
            raise SystemExit(f"got {name!r}; expected {', '.join(NETS)}")
        net(name).export(str(folder / name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
