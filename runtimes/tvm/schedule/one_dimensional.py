"""Convolutions over one axis, as those over two of which the first has size 1."""

from __future__ import annotations

from tvm import relax

from schedule.shapes import floats, integers


def as_two_dimensional(builder: relax.BlockBuilder, call: relax.Call) -> relax.Expr | None:
    """conv1d in NCW as conv2d; None for other layouts and types."""
    attrs = call.attrs
    if (attrs.data_layout, attrs.kernel_layout) != ("NCW", "OIW") or not floats(*call.args):
        return None
    x, weights = (builder.emit(relax.op.expand_dims(each, 2)) for each in call.args)
    (stride,), (dilation,) = integers(attrs.strides), integers(attrs.dilation)
    left, right = integers(attrs.padding)
    made = relax.op.nn.conv2d(
        x,
        weights,
        strides=(1, stride),
        padding=(0, left, 0, right),
        dilation=(1, dilation),
        groups=int(attrs.groups),
    )
    return relax.op.squeeze(builder.emit(made), [2])
