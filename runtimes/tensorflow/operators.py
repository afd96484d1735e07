"""Which operators a model may name: those of TensorFlow that compute, and none that reaches out."""

from __future__ import annotations

from functools import cache

import tensorflow as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry

# AYCI's plan goes by the same: src/model/tensorflow/known-operators.json is made of this file.

# TensorFlow's own grouping: `tensorflow.python.ops.gen_<family>_ops`. Left out: those of files,
# data sets, checkpoints, summaries, debuggers, other machines, accelerators and Python.
FAMILIES = frozenset(
    """
    array audio bitwise candidate_sampling clustering composite_tensor control_flow count ctc
    cudnn_rnn data_flow functional image linalg list logging lookup manip map math nn optional
    parsing ragged_array ragged_conversion ragged_math random random_index_shuffle
    resource_variable rnn set sparse sparse_csr_matrix special_math spectral state
    stateful_random stateless_random string training uniform_quant
    """.split()
)
# Members of these families that do more than compute.
REFUSED = {
    "ImmutableConst": "reads files",
    "FixedUnigramCandidateSampler": "reads files",
    "RecordInput": "reads files",
    "RemoteCall": "reaches other machines",
    "Abort": "ends the process",
    # Runs a function that the graph names elsewhere.
    "SymbolicGradient": "is of training",
}
# They bring variables to and from files: every SavedModel has them, beside its signatures.
SAVING = frozenset("SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename ShardedFilespec".split())
VOCABULARY = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
_STREAMS = (b"", b"stderr", b"stdout", b"log(info)", b"log(warning)", b"log(error)")


def is_registered(op: str) -> bool:
    """Whether TensorFlow has such an operator, public or not: a function of its name is none."""
    return op_def_registry.get(op) is not None


def reason_against(node: NodeDef) -> str | None:
    """Why a node is refused wherever it stands; None where it only computes, or is of SAVING."""
    if node.op in SAVING:
        return None
    if node.op == "PrintV2" and node.attr["output_stream"].s not in _STREAMS:
        return "writes files"
    return REFUSED.get(node.op) or _unknown(node.op)


def family_of(op: str) -> str | None:
    """The group of a public operator; None for all else."""
    found = getattr(tf.raw_ops, op, None) if op.isidentifier() and op[0] != "_" else None
    if found is None:
        return None
    return found.__module__.rpartition(".")[2].removeprefix("gen_").partition("_ops")[0]


@cache
def _unknown(op: str) -> str | None:
    family = family_of(op)
    if family is None:
        return "is none of TensorFlow's public operators"
    return None if family in FAMILIES else f"is one of TensorFlow's {family} operators"
