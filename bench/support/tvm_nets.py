"""Writes the nets of bench/tvm.ts as NAME.onnx: python bench/support/tvm_nets.py ZOO FOLDER.

ZOO is test/zoo: its resnet18 and mobilenet-v2, and from the same parts resnet50, an encoder, and a BERT of usual
width (12 heads of 64, 128 tokens, 6 layers).
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, sys.argv[1])

import pytorch as zoo

TOKENS, LENGTH = 2000, 128


class Bottleneck(nn.Module):
    """ResNet-50's block. Its branch weighs a quarter, as training starts it low: else rounding errors grow."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int) -> None:
        super().__init__()
        first, second = zoo.conv(inputs, middle, 1), zoo.conv(middle, middle, 3, stride)
        last = zoo.conv(middle, outputs, 1)
        nn.init.constant_(last[1].weight, 0.25)
        self.body = nn.Sequential(*first, nn.ReLU(), *second, nn.ReLU(), *last)
        same = stride == 1 and inputs == outputs
        self.short = nn.Identity() if same else nn.Sequential(*zoo.conv(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.short(x))


def resnet50() -> nn.Module:
    body: list[nn.Module] = [*zoo.conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for middle, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for index in range(count):
            body.append(Bottleneck(width, middle, 4 * middle, stride if index == 0 else 1))
            width = 4 * middle
    return zoo.Classifier(body, 2048, 1000)


class Encoder(nn.Module):
    """Features [N, 128, 384] through four layers of a transformer, six heads, no mask."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(zoo.Layer(384, 6) for _ in range(4))

    def forward(self, features: Tensor) -> Tensor:
        mask = torch.zeros(1, 1, 1, features.shape[1])
        for layer in self.layers:
            features = layer(features, mask)
        return features


class Bert(zoo.Bert):
    TOKENS, LENGTH, WIDTH, HEADS, LAYERS = TOKENS, LENGTH, 768, 12, 6


def features(batch: int) -> dict[str, Tensor]:
    return {"features": torch.randn(batch, LENGTH, 384)}


def tokens(batch: int) -> dict[str, Tensor]:
    ids = torch.randint(0, TOKENS, (batch, LENGTH))
    mask = (torch.rand(batch, LENGTH) < 0.8).to(torch.int64)
    mask[:, 0] = 1
    return {"input_ids": ids, "attention_mask": mask}


zoo.NETS.update(
    {
        "resnet50": (resnet50, zoo.image(224)),
        "encoder": (Encoder, features),
        "bert": (Bert, tokens),
    }
)

for name in ("resnet18", "resnet50", "mobilenet-v2", "encoder", "bert"):
    model, inputs = zoo.net(name)
    program = zoo.exported(model, inputs(2))
    path = Path(sys.argv[2]) / f"{name}.onnx"
    torch.onnx.export(program, (), path, dynamo=True, external_data=False)
