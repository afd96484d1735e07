"""Attention as matrix products and a softmax."""

from __future__ import annotations

from math import sqrt

import numpy as np
from tvm import relax

from schedule.shapes import floats, shape_of


def as_products(builder: relax.BlockBuilder, call: relax.Call) -> relax.Expr | None:
    """softmax(query key^T scale + bias) value, each [batch, length, heads, width].

    None for sliding windows and sizes or types that are not known.
    """
    attrs = call.attrs
    if attrs.window_size is not None or not floats(*call.args):
        return None
    query, key, value, *bias = call.args
    length, width = shape_of(query)[1], shape_of(query)[3]
    scale = 1 / sqrt(width) if attrs.scale is None else float(attrs.scale)
    scaled = builder.emit(relax.op.multiply(query, relax.const(scale, "float32")))
    rows = builder.emit(relax.op.permute_dims(scaled, [0, 2, 1, 3]))
    columns = builder.emit(relax.op.permute_dims(key, [0, 2, 3, 1]))
    scores = builder.emit(relax.op.matmul(rows, columns))
    for each in bias:
        scores = builder.emit(relax.op.add(scores, each))
    if attrs.causal_mask is not None:
        mask = _causal(attrs.causal_mask, length, shape_of(key)[1])
        scores = builder.emit(relax.op.add(scores, relax.const(mask)))
    weights = builder.emit(relax.op.nn.softmax(scores))
    values = builder.emit(relax.op.permute_dims(value, [0, 2, 1, 3]))
    made = builder.emit(relax.op.matmul(weights, values))
    return relax.op.permute_dims(made, [0, 2, 1, 3])


def _causal(kind: str, queries: int, keys: int) -> np.ndarray:
    """Minus infinity where a query may not look, zero elsewhere: [queries, keys]."""
    offset = keys - queries if kind == "BottomRight" else 0
    hidden = np.triu(np.ones((queries, keys), bool), offset + 1)
    return np.where(hidden, -np.inf, 0.0).astype("float32")
