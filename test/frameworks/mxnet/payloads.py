"""Symbols that run code of their author's, if somebody lets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import compat  # noqa: F401
import mxnet as mx

# Nodes that call an address keep the callbacks there only as long as these live.
_ALIVE: list[object] = []


def _python_operator(base: type, mark: Path) -> mx.sym.Symbol:
    """An operator of MXNet's first kinds: its node holds the address of its callbacks."""

    class Payload(base):
        def forward(self, in_data, out_data):
            mark.write_text("ran")
            out_data[0][:] = in_data[0]

        def infer_shape(self, in_shape):
            return in_shape, in_shape

    made = Payload(need_top_grad=False)
    _ALIVE.append(made)
    return made.get_symbol(mx.sym.var("data"), name="payload")


def _custom_operator(mark: Path) -> mx.sym.Symbol:
    class Payload(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            mark.write_text("ran")
            self.assign(out_data[0], req[0], in_data[0])

    @mx.operator.register(mark.name)
    class Properties(mx.operator.CustomOpProp):
        def create_operator(self, ctx, shapes, dtypes):
            return Payload()

    _ALIVE.append(Properties)
    return mx.sym.Custom(mx.sym.var("data"), op_type=mark.name, name="payload")


def _renamed(symbol: mx.sym.Symbol, op: str) -> str:
    told = json.loads(symbol.tojson())
    told["nodes"][-1]["op"] = op
    return json.dumps(told)


def _within_a_loop(mark: Path) -> str:
    """The custom operator in the body of a loop over the input."""
    custom = json.loads(_custom_operator(mark).tojson())["nodes"][-1]
    loop, _ = mx.sym.contrib.foreach(
        lambda data, states: (mx.sym.relu(data, name="payload"), states),
        mx.sym.var("data"),
        [],
        name="loop",
    )
    told = json.loads(loop.tojson())
    (body,) = told["nodes"][-1]["subgraphs"]
    (node,) = (each for each in body["nodes"] if each["op"] == "relu")
    node.update(op=custom["op"], attrs=custom["attrs"])
    return json.dumps(told)


WRITERS = {
    "native": lambda mark: _python_operator(mx.operator.NumpyOp, mark).tojson(),
    "ndarray": lambda mark: _python_operator(mx.operator.NDArrayOp, mark).tojson(),
    "custom": lambda mark: _custom_operator(mark).tojson(),
    "custom_by_another_name": lambda mark: _renamed(_custom_operator(mark), "_npi_Custom"),
    "custom_within_a_loop": _within_a_loop,
}


def run_unchecked(path: Path) -> None:
    """As a script of somebody's who trusts the model."""
    module = mx.mod.Module(mx.sym.load(str(path)), data_names=["data"], label_names=None)
    module.bind([("data", (1, 4))], for_training=False)
    module.init_params()
    module.forward(mx.io.DataBatch([mx.nd.ones((1, 4))]), is_train=False)
    for each in module.get_outputs():
        each.asnumpy()


if __name__ == "__main__":
    run_unchecked(Path(sys.argv[1]))
