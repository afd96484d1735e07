"""Erfc, by which TensorFlow writes GELU and for which tf2onnx has no operator."""

from __future__ import annotations

import numpy as np
from tf2onnx.graph import Graph, Node
from tf2onnx.handler import tf_op
from tf2onnx.utils import map_onnx_to_numpy_type

_SCALES = ("Mul", "Div", "RealDiv")


@tf_op("Erfc")
class Erfc:
    """erfc(x) = 1 - erf(x); erfc(-y c) = 1 + erf(y c), which engines know as a part of GELU."""

    @classmethod
    def version_9(cls, ctx: Graph, node: Node, **_: object) -> None:
        """Replaces the node by Erf, which is of opset 9."""
        output, given, scaled = node.output[0], node.input[0], node.inputs[0]
        like = {"shapes": [ctx.get_shape(output)], "dtypes": [ctx.get_dtype(output)]}
        kind = map_onnx_to_numpy_type(ctx.get_dtype(output))
        one = ctx.make_const(f"{node.name}__one", np.array(1, dtype=kind)).output[0]
        ctx.remove_node(node.name)
        first, second = scaled.inputs if scaled.type in _SCALES else (None, None)
        if first is not None and first.type == "Neg" and second.is_const():
            # ONNX Runtime knows the whole as GELU where it divides.
            factor = second.get_tensor_value(as_list=False)
            divisor = 1 / factor if scaled.type == "Mul" else factor
            by = ctx.make_const(f"{node.name}__by", np.asarray(divisor, dtype=kind)).output[0]
            divided = ctx.make_node("Div", [first.input[0], by], **like)
            erf = ctx.make_node("Erf", divided.output, **like)
            ctx.make_node("Add", [erf.output[0], one], outputs=[output], **like)
        else:
            erf = ctx.make_node("Erf", [given], **like)
            ctx.make_node("Sub", [one, erf.output[0]], outputs=[output], **like)
