"""Writes PyTorch nets with random weights: python test/zoo/pytorch.py FOLDER [NAME...].

Each as `NAME.pt2` and `NAME.pt` (TorchScript), and as `NAME.onnx` where onnxscript is installed.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

# Beside this file lie others by the names of their frameworks, which torch would import for these.
sys.path = [place for place in sys.path if Path(place).resolve() != Path(__file__).resolve().parent]

import torch
from torch import Tensor, nn
from torch.nn import functional

# Largest difference of two outputs, in parts of the largest value: less would prove nothing.
LEAST_VARIATION = 1e-3


def conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    made = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return [made, nn.BatchNorm2d(outputs)]


class Block(nn.Module):
    """ResNet's basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv(inputs, outputs, 3, stride), nn.ReLU(), *conv(outputs, outputs, 3)
        )
        same = stride == 1 and inputs == outputs
        self.short = nn.Identity() if same else nn.Sequential(*conv(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.short(x))


class Inverted(nn.Module):
    """MobileNetV2's inverted residual."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        super().__init__()
        wide = inputs * expand
        first = [] if expand == 1 else [*conv(inputs, wide, 1), nn.ReLU6()]
        depthwise = [*conv(wide, wide, 3, stride, groups=wide), nn.ReLU6()]
        self.body = nn.Sequential(*first, *depthwise, *conv(wide, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class Classifier(nn.Module):
    """Images [N, 3, H, W] to class scores [N, classes]."""

    def __init__(self, body: list[nn.Module], width: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(width, classes)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.body(image).mean((2, 3)))


def resnet18() -> nn.Module:
    body: list[nn.Module] = [*conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        body += [Block(width, outputs, stride), Block(outputs, outputs, 1)]
        width = outputs
    return Classifier(body, 512, 1000)


def mobilenet_v2() -> nn.Module:
    body: list[nn.Module] = [*conv(3, 32, 3, 2), nn.ReLU6()]
    width = 32
    stages = (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    )
    for expand, outputs, count, stride in stages:
        for index in range(count):
            body.append(Inverted(width, outputs, stride if index == 0 else 1, expand))
            width = outputs
    return Classifier([*body, *conv(320, 1280, 1), nn.ReLU6()], 1280, 1000)


def small() -> nn.Module:
    return Classifier([*conv(3, 16, 3, 2), nn.ReLU(), Block(16, 32, 2)], 32, 10)


class Layer(nn.Module):
    """A transformer encoder's layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.mixed = (nn.Linear(width, width) for _ in range(4))
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            self.split(self.query(x)),
            self.split(self.key(x)),
            self.split(self.value(x)),
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.norm1(x + self.mixed(attended.transpose(1, 2).flatten(2)))
        return self.norm2(x + self.narrow(functional.gelu(self.wide(x))))


class Bert(nn.Module):
    """Token ids and their mask [N, LENGTH] to hidden states [N, LENGTH, WIDTH] and a pooled one."""

    TOKENS, LENGTH, WIDTH, HEADS, LAYERS = 2000, 64, 256, 4, 4

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(self.TOKENS, self.WIDTH)
        self.places = nn.Parameter(torch.randn(self.LENGTH, self.WIDTH))
        self.norm = nn.LayerNorm(self.WIDTH)
        self.layers = nn.ModuleList(Layer(self.WIDTH, self.HEADS) for _ in range(self.LAYERS))
        self.pooler = nn.Linear(self.WIDTH, self.WIDTH)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.norm(self.tokens(input_ids) + self.places)
        # What is masked counts next to nothing.
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        return x, torch.tanh(self.pooler(x[:, 0]))


def image(size: int) -> Callable[[int], dict[str, Tensor]]:
    return lambda batch: {"image": torch.randn(batch, 3, size, size)}


def tokens(batch: int) -> dict[str, Tensor]:
    ids = torch.randint(0, Bert.TOKENS, (batch, Bert.LENGTH))
    mask = (torch.rand(batch, Bert.LENGTH) < 0.8).to(torch.int64)
    # Nothing is left to attend to where all is masked.
    mask[:, 0] = 1
    return {"input_ids": ids, "attention_mask": mask}


NETS: dict[str, tuple[Callable[[], nn.Module], Callable[[int], dict[str, Tensor]]]] = {
    "resnet18": (resnet18, image(224)),
    "mobilenet-v2": (mobilenet_v2, image(224)),
    "bert": (Bert, tokens),
    "small": (small, image(32)),
}
OUTPUTS = {"bert": ["hidden", "pooled"]}


def net(name: str) -> tuple[nn.Module, Callable[[int], dict[str, Tensor]]]:
    """A net in evaluation mode, whose outputs vary with its input, and how to make inputs."""
    torch.manual_seed(7)
    build, inputs = NETS[name]
    model = build()
    # Statistics of batch normalization as training would leave them: averages over what it saw.
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        for _ in range(2):
            model.train()(**inputs(4))
        model.eval()
        one, other = (_first(model(**inputs(1))) for _ in range(2))
    variation = float((one - other).abs().max() / one.abs().max())
    if not variation > LEAST_VARIATION:
        raise SystemExit(f"{name}: its output varies by {variation}; expected > {LEAST_VARIATION}")
    return model, inputs


def _first(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    return output if isinstance(output, Tensor) else output[0]


def exported(model: nn.Module, inputs: dict[str, Tensor]) -> torch.export.ExportedProgram:
    """The program, of any batch."""
    batch = torch.export.Dim("batch")
    shapes = {name: {0: batch} for name in inputs}
    return torch.export.export(model, (), inputs, dynamic_shapes=shapes)


def write(folder: Path, name: str) -> None:
    model, inputs = net(name)
    program = exported(model, inputs(2))
    torch.export.save(program, folder / f"{name}.pt2")
    with warnings.catch_warnings(), torch.no_grad():
        # TorchScript is deprecated, and still what many have.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(model, example_kwarg_inputs=inputs(2), check_trace=False)
    torch.jit.save(traced, folder / f"{name}.pt")
    if importlib.util.find_spec("onnxscript"):
        names = OUTPUTS.get(name, ["scores"])
        torch.onnx.export(
            program,
            (),
            folder / f"{name}.onnx",
            dynamo=True,
            external_data=False,
            output_names=names,
        )


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETS:
        if name not in NETS:
            raise SystemExit(f"got {name!r}; expected {', '.join(NETS)}")
        write(folder, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
