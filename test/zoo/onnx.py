"""Writes ONNX nets with random weights: python test/zoo/onnx.py FOLDER [NAME...].

`NAME.onnx` each, of any batch, by onnx.helper; ONNX Runtime finds what batch normalization needs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

# This file is called as a package is, and its folder is where Python looks first.
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]

import numpy as np
import onnxruntime as ort
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

# Largest difference of two outputs, in parts of the largest value: less would prove nothing.
LEAST_VARIATION = 1e-3
CLASSES = 1000
TOKENS, LENGTH, WIDTH, HEADS, LAYERS = 2000, 64, 256, 4, 4
Feeds = dict[str, np.ndarray]


class Net:
    """A graph as it grows: each method adds operators and returns the name of what comes out."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list = []
        self.weights: Feeds = {}

    def weight(self, values: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = values
        return name

    def normal(self, *shape: int, fan_in: int) -> str:
        """He et al. 2015, equation 10: normal with variance 2 / fan-in."""
        values = self.rng.normal(0, math.sqrt(2 / fan_in), shape)
        return self.weight(values.astype(np.float32))

    def add(self, op: str, *inputs: str, **attributes) -> str:
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def conv(
        self, x: str, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
    ) -> str:
        """A convolution and its batch normalization."""
        each = inputs // groups
        kernel = self.normal(outputs, each, size, size, fan_in=each * size * size)
        pads = [size // 2] * 4
        x = self.add("Conv", x, kernel, strides=[stride] * 2, pads=pads, group=groups)
        scale = self.weight(self.rng.uniform(0.5, 1.5, outputs).astype(np.float32))
        shift = self.weight(self.rng.normal(0, 0.3, outputs).astype(np.float32))
        mean, variance = (self.weight(fill(outputs, np.float32)) for fill in (np.zeros, np.ones))
        return self.add("BatchNormalization", x, scale, shift, mean, variance)

    def relu6(self, x: str) -> str:
        limits = (self.weight(np.float32(limit)) for limit in (0, 6))
        return self.add("Clip", x, *limits)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        kernel = self.normal(inputs, outputs, fan_in=2 * inputs)
        return self.add("Add", self.add("MatMul", x, kernel), self.normal(outputs, fan_in=200))

    def layer_norm(self, x: str) -> str:
        scale, shift = (self.weight(fill(WIDTH, np.float32)) for fill in (np.ones, np.zeros))
        return self.add("LayerNormalization", x, scale, shift, axis=-1)

    def classifier(self, x: str, width: int, classes: int) -> list[str]:
        pooled = self.add("Flatten", self.add("GlobalAveragePool", x))
        kernel = self.normal(classes, width, fan_in=2 * width)
        bias = self.normal(classes, fan_in=200)
        return [self.add("Gemm", pooled, kernel, bias, transB=1)]


def block(net: Net, x: str, inputs: int, outputs: int, stride: int) -> str:
    """ResNet's basic block."""
    body = net.add("Relu", net.conv(x, inputs, outputs, 3, stride))
    body = net.conv(body, outputs, outputs, 3)
    if stride != 1 or inputs != outputs:
        x = net.conv(x, inputs, outputs, 1, stride)
    return net.add("Relu", net.add("Add", body, x))


def resnet18(net: Net) -> list[str]:
    x = net.add("Relu", net.conv("image", 3, 64, 7, 2))
    x = net.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    width = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        x = block(net, block(net, x, width, outputs, stride), outputs, outputs, 1)
        width = outputs
    return net.classifier(x, 512, CLASSES)


def inverted(net: Net, x: str, inputs: int, outputs: int, stride: int, expand: int) -> str:
    """MobileNetV2's inverted residual."""
    wide = inputs * expand
    body = x if expand == 1 else net.relu6(net.conv(x, inputs, wide, 1))
    body = net.relu6(net.conv(body, wide, wide, 3, stride, groups=wide))
    body = net.conv(body, wide, outputs, 1)
    return net.add("Add", x, body) if stride == 1 and inputs == outputs else body


def mobilenet_v2(net: Net) -> list[str]:
    x = net.relu6(net.conv("image", 3, 32, 3, 2))
    width = 32
    stages = (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    )
    for expand, outputs, count, stride in stages:
        for index in range(count):
            x = inverted(net, x, width, outputs, stride if index == 0 else 1, expand)
            width = outputs
    return net.classifier(net.relu6(net.conv(x, 320, 1280, 1)), 1280, CLASSES)


def small(net: Net) -> list[str]:
    x = net.add("Relu", net.conv("image", 3, 16, 3, 2))
    return net.classifier(block(net, x, 16, 32, 2), 32, 10)


def heads(net: Net, x: str, order: tuple[int, ...]) -> str:
    """[N, LENGTH, WIDTH] as one matrix a head."""
    shape = net.weight(np.array([0, 0, HEADS, WIDTH // HEADS]))
    return net.add("Transpose", net.add("Reshape", x, shape), perm=order)


def encoder(net: Net, x: str, mask: str) -> str:
    """A transformer encoder's layer."""
    query, key, value = (net.linear(x, WIDTH, WIDTH) for _ in range(3))
    scores = net.add("MatMul", heads(net, query, (0, 2, 1, 3)), heads(net, key, (0, 2, 3, 1)))
    scores = net.add("Mul", scores, net.weight(np.float32(math.sqrt(HEADS / WIDTH))))
    shares = net.add("Softmax", net.add("Add", scores, mask), axis=-1)
    mixed = net.add("MatMul", shares, heads(net, value, (0, 2, 1, 3)))
    mixed = net.add("Transpose", mixed, perm=(0, 2, 1, 3))
    mixed = net.add("Reshape", mixed, net.weight(np.array([0, 0, WIDTH])))
    x = net.layer_norm(net.add("Add", x, net.linear(mixed, WIDTH, WIDTH)))
    wide = net.linear(x, WIDTH, 4 * WIDTH)
    # GELU: x (1 + erf(x / √2)) / 2.
    erf = net.add("Erf", net.add("Div", wide, net.weight(np.float32(math.sqrt(2)))))
    wide = net.add("Mul", wide, net.add("Add", erf, net.weight(np.float32(1))))
    wide = net.add("Mul", wide, net.weight(np.float32(0.5)))
    return net.layer_norm(net.add("Add", x, net.linear(wide, 4 * WIDTH, WIDTH)))


def bert(net: Net) -> list[str]:
    """Token ids and their mask [N, LENGTH] to hidden states [N, LENGTH, WIDTH] and a pooled one."""
    x = net.add("Gather", net.normal(TOKENS, WIDTH, fan_in=2), "input_ids")
    x = net.layer_norm(net.add("Add", x, net.normal(LENGTH, WIDTH, fan_in=2)))
    # What is masked counts next to nothing.
    mask = net.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = net.add("Sub", net.weight(np.float32(1)), mask)
    mask = net.add("Mul", mask, net.weight(np.float32(-1e4)))
    mask = net.add("Unsqueeze", mask, net.weight(np.array([1, 2])))
    for _ in range(LAYERS):
        x = encoder(net, x, mask)
    first = net.add("Gather", x, net.weight(np.array(0)), axis=1)
    return [x, net.add("Tanh", net.linear(first, WIDTH, WIDTH))]


IMAGE = {"image": (TensorProto.FLOAT, ["batch", 3, 224, 224])}
LITTLE = {"image": (TensorProto.FLOAT, ["batch", 3, 32, 32])}
TEXT = {name: (TensorProto.INT64, ["batch", LENGTH]) for name in ("input_ids", "attention_mask")}
NETS: dict[str, tuple[Callable[[Net], list[str]], dict, dict]] = {
    "resnet18": (resnet18, IMAGE, {"scores": ["batch", CLASSES]}),
    "mobilenet-v2": (mobilenet_v2, IMAGE, {"scores": ["batch", CLASSES]}),
    "bert": (bert, TEXT, {"hidden": ["batch", LENGTH, WIDTH], "pooled": ["batch", WIDTH]}),
    "small": (small, LITTLE, {"scores": ["batch", 10]}),
}


def feeds_of(inputs: dict, batch: int, seed: int) -> Feeds:
    rng = np.random.default_rng(seed)
    made = {}
    for name, (dtype, shape) in inputs.items():
        sizes = [batch, *shape[1:]]
        if dtype == TensorProto.FLOAT:
            made[name] = rng.standard_normal(sizes, dtype=np.float32)
        elif name == "attention_mask":
            # Nothing is left to attend to where all is masked.
            made[name] = (rng.random(sizes) < 0.8).astype(np.int64)
            made[name][:, 0] = 1
        else:
            made[name] = rng.integers(0, TOKENS, sizes)
    return made


def proto(net: Net, inputs: dict, outputs: list) -> ModelProto:
    graph = helper.make_graph(
        net.nodes,
        "net",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        outputs,
        [numpy_helper.from_array(values, name) for name, values in net.weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: ModelProto, feeds: Feeds) -> list[np.ndarray]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = ort.InferenceSession(model.SerializeToString(), options, providers=providers)
    return session.run(None, feeds)


def settle(net: Net, inputs: dict) -> None:
    """Gives batch normalization the statistics of what it sees, as training would leave them."""
    norms = [node for node in net.nodes if node.op_type == "BatchNormalization"]
    seen = [name for node in norms for name in (f"{node.name}.mean", f"{node.name}.variance")]
    if not norms:
        return
    inference = net.nodes
    net.nodes = [training(node) if node in norms else node for node in inference]
    shown = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in seen]
    found = run(proto(net, inputs, shown), feeds_of(inputs, 4, seed=0))
    net.nodes = inference
    net.weights |= zip((name for node in norms for name in node.input[3:5]), found, strict=True)


def training(node: NodeProto) -> NodeProto:
    """Batch normalization that also gives the mean and the variance of its input."""
    outputs = [node.output[0], f"{node.name}.mean", f"{node.name}.variance"]
    return helper.make_node(
        node.op_type, node.input, outputs, name=node.name, training_mode=1, momentum=0.0
    )


def net_of(name: str) -> ModelProto:
    """A net whose outputs vary with its input."""
    build, inputs, outputs = NETS[name]
    net = Net()
    for made, wanted in zip(build(net), outputs, strict=True):
        net.nodes.append(helper.make_node("Identity", [made], [wanted]))
    settle(net, inputs)
    shown = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, dims)
        for each, dims in outputs.items()
    ]
    model = proto(net, inputs, shown)
    checker.check_model(model)
    one, other = (run(model, feeds_of(inputs, 1, seed))[0] for seed in (100, 101))
    variation = float(np.abs(one - other).max() / np.abs(one).max())
    if not variation > LEAST_VARIATION:
        raise SystemExit(f"{name}: its output varies by {variation}; expected > {LEAST_VARIATION}")
    return model


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETS:
        if name not in NETS:
            raise SystemExit(f"got {name!r}; expected {', '.join(NETS)}")
        (folder / f"{name}.onnx").write_bytes(net_of(name).SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
