"""Writes TensorFlow nets with random weights: python test/zoo/tensorflow.py FOLDER [NAME...].

Each as a SavedModel in `NAME/`, of any batch, with a signature serving_default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

# This file is called as the library is, and lies in a folder that Python looks into first.
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]

import numpy as np
import tensorflow as tf

# Largest difference of two outputs, in parts of the largest value: less would prove nothing.
LEAST_VARIATION = 1e-3
INPUTS = np.random.default_rng(7)
WEIGHTS = np.random.default_rng(8)

Layer = Callable[[tf.Tensor], tf.Tensor]


def weight(*shape: int, fan: int) -> tf.Variable:
    values = WEIGHTS.standard_normal(shape, dtype=np.float32) * (2 / fan) ** 0.5
    return tf.Variable(values.astype(np.float32))


class Norm(tf.Module):
    """Batch normalization, by the statistics of the last batch that it was trained on."""

    def __init__(self, width: int) -> None:
        self.scale, self.offset = tf.Variable(tf.ones(width)), tf.Variable(tf.zeros(width))
        self.mean, self.variance = tf.Variable(tf.zeros(width)), tf.Variable(tf.ones(width))
        self.trains = False

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        if self.trains:
            mean, variance = tf.nn.moments(x, list(range(x.shape.rank - 1)))
            self.mean.assign(mean)
            self.variance.assign(variance)
        return tf.compat.v1.nn.fused_batch_norm(
            x, self.scale, self.offset, self.mean, self.variance, 1e-3, is_training=False
        )[0]


class Conv(tf.Module):
    """A convolution of NHWC images, normalized, then `act`."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, act: Layer = tf.identity
    ) -> None:
        self.kernel = weight(size, size, inputs, outputs, fan=size * size * inputs)
        self.norm, self.stride, self.act = Norm(outputs), stride, act

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return self.act(self.norm(tf.nn.conv2d(x, self.kernel, self.stride, "SAME")))


class Depthwise(tf.Module):
    """A depthwise convolution of NHWC images, normalized, then ReLU6."""

    def __init__(self, width: int, stride: int) -> None:
        self.kernel = weight(3, 3, width, 1, fan=9)
        self.norm, self.stride = Norm(width), stride

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        strides = [1, self.stride, self.stride, 1]
        return tf.nn.relu6(self.norm(tf.nn.depthwise_conv2d(x, self.kernel, strides, "SAME")))


class Block(tf.Module):
    """ResNet's basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        self.body = [Conv(inputs, outputs, 3, stride, tf.nn.relu), Conv(outputs, outputs, 3)]
        same = stride == 1 and inputs == outputs
        self.short = tf.identity if same else Conv(inputs, outputs, 1, stride)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(self.body[1](self.body[0](x)) + self.short(x))


class Inverted(tf.Module):
    """MobileNetV2's inverted residual."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        wide = inputs * expand
        first = [] if expand == 1 else [Conv(inputs, wide, 1, act=tf.nn.relu6)]
        self.body = [*first, Depthwise(wide, stride), Conv(wide, outputs, 1)]
        self.adds = stride == 1 and inputs == outputs

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        y = x
        for layer in self.body:
            y = layer(y)
        return x + y if self.adds else y


class Dense(tf.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        self.kernel, self.bias = weight(inputs, outputs, fan=inputs), tf.Variable(tf.zeros(outputs))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self.kernel) + self.bias


class Classifier(tf.Module):
    """Images [N, H, W, 3] to class scores [N, classes]."""

    def __init__(self, size: int, body: list[Layer], width: int, classes: int) -> None:
        self.body, self.head = body, Dense(width, classes)
        self.signature = {"image": tf.TensorSpec([None, size, size, 3], tf.float32)}

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        for layer in self.body:
            image = layer(image)
        return {"scores": self.head(tf.reduce_mean(image, [1, 2]))}


def max_pool(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 3, 2, "SAME")


def resnet18() -> tf.Module:
    body: list[Layer] = [Conv(3, 64, 7, 2, tf.nn.relu), max_pool]
    width = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        body += [Block(width, outputs, stride), Block(outputs, outputs, 1)]
        width = outputs
    return Classifier(224, body, 512, 1000)


def mobilenet_v2() -> tf.Module:
    body: list[Layer] = [Conv(3, 32, 3, 2, tf.nn.relu6)]
    width = 32
    stages = (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    )
    for expand, outputs, count, stride in stages:
        for index in range(count):
            body.append(Inverted(width, outputs, stride if index == 0 else 1, expand))
            width = outputs
    return Classifier(224, [*body, Conv(320, 1280, 1, act=tf.nn.relu6)], 1280, 1000)


def small() -> tf.Module:
    return Classifier(32, [Conv(3, 16, 3, 2, tf.nn.relu), Block(16, 32, 2)], 32, 10)


class LayerNorm(tf.Module):
    def __init__(self, width: int) -> None:
        self.scale, self.offset = tf.Variable(tf.ones(width)), tf.Variable(tf.zeros(width))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, self.offset, self.scale, 1e-6)


class Encoder(tf.Module):
    """A transformer encoder's layer."""

    def __init__(self, width: int, heads: int) -> None:
        self.heads, self.depth = heads, width // heads
        self.query, self.key, self.value, self.mixed = (Dense(width, width) for _ in range(4))
        self.wide, self.narrow = Dense(width, 4 * width), Dense(4 * width, width)
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)

    def split(self, x: tf.Tensor) -> tf.Tensor:
        shape = [-1, x.shape[1], self.heads, self.depth]
        return tf.transpose(tf.reshape(x, shape), [0, 2, 1, 3])

    def __call__(self, x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        query, key, value = (self.split(each(x)) for each in (self.query, self.key, self.value))
        weights = tf.matmul(query, key, transpose_b=True) * self.depth**-0.5 + mask
        attended = tf.transpose(tf.matmul(tf.nn.softmax(weights), value), [0, 2, 1, 3])
        x = self.norm1(x + self.mixed(tf.reshape(attended, [-1, x.shape[1], x.shape[2]])))
        return self.norm2(x + self.narrow(tf.nn.gelu(self.wide(x))))


class Bert(tf.Module):
    """Token ids and their mask [N, LENGTH] to hidden states [N, LENGTH, WIDTH] and a pooled one."""

    TOKENS, LENGTH, WIDTH, HEADS, LAYERS = 2000, 64, 256, 4, 4

    def __init__(self) -> None:
        self.tokens = weight(self.TOKENS, self.WIDTH, fan=2)
        self.places = weight(self.LENGTH, self.WIDTH, fan=2)
        self.norm, self.pooler = LayerNorm(self.WIDTH), Dense(self.WIDTH, self.WIDTH)
        self.layers = [Encoder(self.WIDTH, self.HEADS) for _ in range(self.LAYERS)]
        spec = tf.TensorSpec([None, self.LENGTH], tf.int64)
        self.signature = {"input_ids": spec, "attention_mask": spec}

    def __call__(self, input_ids: tf.Tensor, attention_mask: tf.Tensor) -> dict[str, tf.Tensor]:
        x = self.norm(tf.gather(self.tokens, input_ids) + self.places)
        # What is masked counts next to nothing.
        mask = (1.0 - tf.cast(attention_mask[:, None, None, :], tf.float32)) * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        return {"hidden": x, "pooled": tf.tanh(self.pooler(x[:, 0]))}


NETS: dict[str, Callable[[], tf.Module]] = {
    "resnet18": resnet18,
    "mobilenet-v2": mobilenet_v2,
    "bert": Bert,
    "small": small,
}


def inputs(model: tf.Module, batch: int) -> dict[str, tf.Tensor]:
    """Random images, token ids and masks."""
    found = {}
    for name, spec in model.signature.items():
        shape = [batch, *spec.shape[1:]]
        if spec.dtype == tf.float32:
            found[name] = tf.constant(INPUTS.standard_normal(shape, dtype=np.float32))
            continue
        found[name] = tf.constant(INPUTS.integers(0, Bert.TOKENS, shape))
        if name == "attention_mask":
            mask = (INPUTS.random(shape) < 0.8).astype(np.int64)
            # Nothing is left to attend to where all is masked.
            mask[:, 0] = 1
            found[name] = tf.constant(mask)
    return found


def net(name: str) -> tf.Module:
    """A net whose outputs vary with its input."""
    model = NETS[name]()
    norms = [each for each in model.submodules if isinstance(each, Norm)]
    for each in norms:
        each.trains = True
    model(**inputs(model, 8))
    for each in norms:
        each.trains = False
    one, other = (next(iter(model(**inputs(model, 1)).values())).numpy() for _ in range(2))
    variation = float(np.abs(one - other).max() / np.abs(one).max())
    if not variation > LEAST_VARIATION:
        raise SystemExit(f"{name}: its output varies by {variation}; expected > {LEAST_VARIATION}")
    return model


def write(folder: Path, name: str) -> None:
    model = net(name)
    signature = tf.function(model.__call__).get_concrete_function(**model.signature)
    tf.saved_model.save(model, folder / name, signatures=signature)


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETS:
        if name not in NETS:
            raise SystemExit(f"got {name!r}; expected {', '.join(NETS)}")
        write(folder, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
