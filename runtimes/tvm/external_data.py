"""Weights of ONNX models that lie in files of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import onnx
from ayci_runtime.onnx_locations import check_location
from onnx.external_data_helper import load_external_data_for_model, uses_external_data


def load_model(path: Path, scratch: Path) -> onnx.ModelProto:
    """A model and all of its weights.

    Raises InvalidModel where weights lie elsewhere than beside the model, or what onnx raises.
    """
    model = onnx.load(path, load_external_data=False)
    locations = sorted(set(_locations(model)))
    if not locations:
        return model
    # onnx refuses links, by which runtimes lay out a model's files.
    folder = scratch / "weights"
    for location in locations:
        check_location(path, location)
        target = folder / location
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.parent / location, target)
    load_external_data_for_model(model, str(folder))
    shutil.rmtree(folder)
    return model


def graphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph, and those of its operators' branches and bodies."""
    left = [graph]
    while left:
        each = left.pop()
        yield each
        for node in each.node:
            for attribute in node.attribute:
                left += [*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs]


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)


def _locations(model: onnx.ModelProto) -> Iterator[str]:
    for graph in graphs_of(model.graph):
        for tensor in filter(uses_external_data, _tensors(graph)):
            yield from (each.value for each in tensor.external_data if each.key == "location")
