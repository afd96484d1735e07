"""A conversion as somebody would write it: python bare_convert.py WHICH MODEL TARGET. Where a tool has a command line,
the benchmark calls that instead."""

from __future__ import annotations

import sys


def export(model: str, target: str) -> None:
    import torch

    program = torch.export.load(model)
    torch.onnx.export(program, (), target, dynamo=True, external_data=False)


def optimize(model: str, target: str) -> None:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = target
    ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def openvino(model: str, target: str) -> None:
    import openvino as ov

    ov.save_model(ov.convert_model(model), target, compress_to_fp16=False)


{"export": export, "optimize": optimize, "openvino": openvino}[sys.argv[1]](
    sys.argv[2], sys.argv[3]
)
