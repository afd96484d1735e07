"""Writes a signature as ONNX, by tf2onnx."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

# Adds to what tf2onnx knows.
import erfc  # noqa: F401
import onnx
import tensorflow as tf
from ayci_runtime.errors import ConversionFailed, refused_operators
from saved_model import ConcreteFunction
from signature import Signature
from tf2onnx import optimizer, tf_loader, tfonnx

OPSET = 18
# A protobuf message ends at 2 GiB.
INLINE_BYTES = 1 << 30
_MOST_BYTES = (1 << 31) - 1


def write_onnx(function: ConcreteFunction, signature: Signature, target: Path) -> None:
    """Writes the signature's graph with its variables frozen, names and dynamic sizes kept.

    Weights of more than 1 GiB go to `<target>.data`. Raises ConversionFailed that names the
    operator, or what tf2onnx raises.
    """
    _check_size(function)
    inputs = [each.name for each in function.inputs[: len(signature.inputs)]]
    outputs = [each.name for each in function.outputs]
    # Both are sorted by name.
    names = [each.name for each in signature.inputs] + [name for name, _ in signature.outputs]
    failures = _Failures()
    logger = logging.getLogger(tfonnx.__name__)
    logger.addHandler(failures)
    try:
        model = _converted(function, inputs, outputs, names)
    except Exception as error:
        if failures.first is None or isinstance(error, MemoryError):
            raise
        raise ConversionFailed(f"operator {failures.first}: tf2onnx refuses it: {error}") from error
    finally:
        logger.removeHandler(failures)
    _check_operators(model)
    told = [each.name for each in (*model.graph.input, *model.graph.output)]
    if told != names:
        raise ConversionFailed(f"tf2onnx left {', '.join(told)[:200]} of {', '.join(names)[:200]}")
    onnx.save_model(
        model,
        target,
        save_as_external_data=model.ByteSize() > INLINE_BYTES,
        location=f"{target.name}.data",
    )


def _converted(
    function: ConcreteFunction, inputs: list[str], outputs: list[str], names: list[str]
) -> onnx.ModelProto:
    with tf.device("/cpu:0"):
        frozen, tables = tf_loader.from_trackable(function.model, function, inputs, outputs, False)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            made = tfonnx.process_tf_graph(
                graph,
                opset=OPSET,
                input_names=inputs,
                output_names=outputs,
                tensors_to_rename=dict(zip(inputs + outputs, names, strict=True)),
                initialized_tables=tables,
            )
    return optimizer.optimize_graph(made).make_model("saved_model")


class _Failures(logging.Handler):
    """The operator that tf2onnx says first that it failed at: its errors do not always."""

    first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Arguments of that message: the node's name, and the handler of its operator."""
        if self.first is None and str(record.msg).startswith("Failed to convert node"):
            name, handler, *_ = record.args
            self.first = f"{handler.__qualname__.partition('.')[0]} ({name})"


def _check_size(function: ConcreteFunction) -> None:
    total = sum(each.shape.num_elements() * each.dtype.size for each in function.variables)
    if total > _MOST_BYTES:
        raise ConversionFailed(
            f"weights: got {total} bytes; expected at most {_MOST_BYTES}, where protobuf, by which"
            " TensorFlow freezes them, ends"
        )


def _check_operators(model: onnx.ModelProto) -> None:
    """tf2onnx leaves operators that it does not know as they are."""
    versions = {each.domain: each.version for each in model.opset_import}
    found = {
        node.op_type: None
        for node in _nodes(model.graph)
        if not onnx.defs.has(node.op_type, versions.get(node.domain, 1), node.domain)
    }
    if found:
        raise refused_operators(found, "those that tf2onnx writes as ONNX")


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)
