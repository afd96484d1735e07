"""Models that do more than compute: refused before any of it runs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import app
import pytest
import tensorflow as tf
from ayci_runtime.errors import InvalidModel
from check import check_graphs
from known_operators import FILE, public, registered, verdicts
from meta_graph import read_meta_graph
from operators import SAVING, VOCABULARY, reason_against
from runtime_requests import ask, describe_of, measure_of, subject_of
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry
from tensorflow_models import ENTRY, VECTOR, artifact_of, edit, run_unchecked, save


def refused(folder: Path, match: str) -> None:
    artifact = artifact_of(folder)
    subject = subject_of(artifact, VECTOR)
    for request in (
        describe_of("tensorflow", artifact),
        measure_of("tensorflow", "vanilla", subject),
    ):
        with pytest.raises(InvalidModel, match=match):
            ask(app.handler, request)


def refused_unwritten(folder: Path, marker: Path, match: str) -> None:
    """The payload does not run here, and does where nothing checks."""
    assert not list(marker.parent.glob(f"{marker.name}*"))
    refused(folder, match)
    assert not list(marker.parent.glob(f"{marker.name}*"))
    run_unchecked(folder)
    assert list(marker.parent.glob(f"{marker.name}*"))


def write(marker: Path) -> Callable[[], object]:
    return lambda: tf.io.write_file(str(marker), "hostile")


def in_a_branch(marker: Path) -> object:
    def payload() -> tf.Tensor:
        tf.io.write_file(str(marker), "hostile")
        return tf.constant(1)

    return tf.cond(tf.random.uniform([]) < 2, payload, lambda: tf.constant(0))


def in_a_loop(marker: Path) -> object:
    def body(i: tf.Tensor) -> tf.Tensor:
        tf.io.write_file(str(marker), "hostile")
        return i + 1

    return tf.while_loop(lambda i: i < 2, body, [0])


def by_saving(marker: Path) -> object:
    saved = tf.raw_ops.SaveV2(
        prefix=str(marker), tensor_names=["a"], shape_and_slices=[""], tensors=[tf.ones([2])]
    )
    # TensorFlow leaves out what nothing that it knows to have effects waits for.
    with tf.control_dependencies([saved]):
        return tf.print("saved")


PAYLOADS = {
    "WriteFile": lambda marker: write(marker)(),
    "SaveV2": by_saving,
    "PrintV2": lambda marker: tf.print("hostile", output_stream=f"file://{marker}"),
}


@pytest.mark.parametrize("operator", PAYLOADS)
def test_an_operator_that_writes(folder: Path, marker: Path, operator: str) -> None:
    save(folder, lambda: PAYLOADS[operator](marker))
    refused_unwritten(folder, marker, rf"operators: got {operator} \(.*; expected those")


@pytest.mark.parametrize("place", [in_a_branch, in_a_loop])
def test_within_a_function(folder: Path, marker: Path, place: Callable[[Path], object]) -> None:
    save(folder, lambda: place(marker))
    refused_unwritten(folder, marker, r"WriteFile \(is one of TensorFlow's io operators\)")


class Initialized(tf.Module):
    """A table whose initializer, which runs as the model is loaded, does more."""

    def __init__(self, payload: Callable[[], object]) -> None:
        table = tf.lookup.KeyValueTensorInitializer(["a"], tf.constant([1], tf.int64))
        initialize = table.initialize

        def more(self_: object) -> object:
            if not tf.executing_eagerly():
                payload()
            return initialize(self_)

        table.initialize = more
        self.table = tf.lookup.StaticHashTable(table, -1)


def test_within_an_initializer(folder: Path, marker: Path) -> None:
    module = Initialized(write(marker))
    save(folder, lambda: module.table.lookup(tf.constant(["a"])), module=module)
    refused_unwritten(folder, marker, r"WriteFile \(is one of TensorFlow's io operators\)")


def test_within_what_tensorflow_1_saved(folder: Path, marker: Path) -> None:
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], "fed")
        weight = v1.get_variable("weight", initializer=3.0)
        session.run(v1.global_variables_initializer())
        # Saving is known to every model; this one does it as it is initialized.
        init = v1.raw_ops.SaveV2(
            prefix=str(marker), tensor_names=["a"], shape_and_slices=[""], tensors=[weight + 1]
        )
        builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": x * weight})
        signatures = {"serving_default": signature}
        builder.add_meta_graph_and_variables(session, ["serve"], signatures, main_op=init)
        builder.save()
    refused_unwritten(folder, marker, r"SaveV2 \(reads or writes files\)")


def hide_a_payload(saved, marker: Path) -> str:
    """A function of the library that saves to `marker`; its name, which nothing has yet."""
    functions = saved.meta_graphs[0].graph_def.library.function
    inner = next(each for each in functions if "signature_wrapper" in each.signature.name)
    hidden = functions.add()
    hidden.CopyFrom(inner)
    hidden.signature.name = "__inference_hidden_7"
    argument = hidden.signature.input_arg[0].name
    texts = {"prefix": str(marker).encode(), "names": [b"a"], "slices": [b""]}
    for name, value in texts.items():
        node = hidden.node_def.add(name=name, op="Const")
        node.attr["dtype"].type = tf.string.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    inputs = [*(f"{name}:output:0" for name in texts), argument]
    save_ = hidden.node_def.add(name="SaveV2", op="SaveV2", input=inputs)
    save_.attr["dtypes"].list.type.append(tf.float32.as_datatype_enum)
    hidden.signature.control_output.append("SaveV2")
    hidden.control_ret["SaveV2"] = "SaveV2"
    return hidden.signature.name


@pytest.mark.parametrize("kept_for_the_saver", [False, True])
def test_a_function_that_only_an_object_names(
    folder: Path, marker: Path, kept_for_the_saver: bool
) -> None:
    """TensorFlow serves what the signature's object names, in `concrete_functions` or not."""
    save(folder)

    def change(saved) -> None:
        name = hide_a_payload(saved, marker)
        meta = saved.meta_graphs[0]
        objects = meta.object_graph_def
        (wrapper,) = (each for each in objects.concrete_functions if "signature_wrapper" in each)
        for node in objects.nodes:
            if node.bare_concrete_function.concrete_function_name == wrapper:
                node.bare_concrete_function.concrete_function_name = name
        # What the wrapper captures is an argument of its copy.
        bound = objects.concrete_functions[wrapper]
        if bound.bound_inputs:
            objects.concrete_functions[name].CopyFrom(bound)
        if kept_for_the_saver:
            saver = meta.saver_def.save_tensor_name.partition(":")[0]
            node = meta.graph_def.node.add(name="more", op="PartitionedCall")
            node.attr["f"].func.name = name
            (saves,) = (each for each in meta.graph_def.node if each.name == saver)
            saves.input.append("^more")

    edit(folder, change)
    refused_unwritten(folder, marker, r"operators: got SaveV2 \(reads or writes files\)")


@pytest.mark.parametrize("prefix", ["file", "file:0", "file:1", "^file", "other"])
def test_a_restore_from_another_tensor_than_is_fed(folder: Path, prefix: str) -> None:
    save(folder)

    def change(saved) -> None:
        meta = saved.meta_graphs[0]
        meta.ClearField("object_graph_def")
        del meta.graph_def.library.function[:]
        del meta.graph_def.node[:]
        meta.graph_def.node.add(name="file", op="Placeholder")
        meta.graph_def.node.add(name="restore", op="RestoreV2", input=[prefix])
        meta.saver_def.filename_tensor_name = "file:0"
        meta.saver_def.restore_op_name = "restore"

    edit(folder, change)
    saved, meta = read_meta_graph(folder / ENTRY)
    if prefix in ("file", "file:0"):
        check_graphs(saved, meta)
        return
    refused(folder, r"operators: got RestoreV2 \(reads or writes files\)")


def test_python(folder: Path) -> None:
    save(folder, lambda: tf.py_function(lambda: 1.0, [], tf.float32))
    refused(folder, r"EagerPyFunc \(is one of TensorFlow's script operators\)")


def test_a_graph_beside_the_one_that_is_served(folder: Path, marker: Path) -> None:
    save(folder)
    other = save(folder.with_name("other"), write(marker))

    def add(saved) -> None:
        meta = type(saved)()
        meta.ParseFromString((other / "saved_model.pb").read_bytes())
        saved.meta_graphs.add().CopyFrom(meta.meta_graphs[0])
        saved.meta_graphs[1].meta_info_def.tags.append("hidden")

    edit(folder, add)
    refused(folder, r"WriteFile \(is one of TensorFlow's io operators\)")
    assert not marker.exists()


def test_an_operator_of_no_library(folder: Path) -> None:
    save(folder)

    def rename(saved) -> None:
        for function in saved.meta_graphs[0].graph_def.library.function:
            for node in function.node_def:
                node.op = "Stolen" if node.op == "Mul" else node.op

    edit(folder, rename)
    refused(folder, r"Stolen \(is none of TensorFlow's public operators\)")


@pytest.mark.parametrize("name", ["WriteFile", "DumpTensor"])
def test_a_function_by_the_name_of_an_operator(folder: Path, marker: Path, name: str) -> None:
    save(folder, write(marker))

    def hide(saved) -> None:
        library = saved.meta_graphs[0].graph_def.library
        for function in library.function:
            for node in function.node_def:
                node.op = name if node.op == "WriteFile" else node.op
        library.function.add().signature.name = name

    edit(folder, hide)
    refused(folder, rf"operators: got {name} \(is ")
    assert not marker.exists()


def test_two_functions_of_one_name(folder: Path) -> None:
    """One reader could look at the first, another at the last."""
    save(folder)

    def double(saved) -> None:
        functions = saved.meta_graphs[0].graph_def.library.function
        functions.add().CopyFrom(functions[0])

    edit(folder, double)
    refused(folder, "functions: got two of the same name")


def save_table(folder: Path, words: Path) -> None:
    index = tf.lookup.TextFileIndex
    columns = (tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
    table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(words), *columns), -1)
    save(folder, lambda: table.lookup(tf.constant(["a"])), table=table)


@pytest.fixture
def table(folder: Path, tmp_path: Path) -> Path:
    """A model with a table of an asset, which is served as it is."""
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")
    save_table(folder, words)
    assert ask(app.handler, describe_of("tensorflow", artifact_of(folder)))["inputs"]
    return folder


@pytest.mark.parametrize("name", ["../../words.txt", "/etc/passwd", ""])
def test_an_asset_out_of_the_folder(table: Path, name: str) -> None:
    def lead_out(saved) -> None:
        saved.meta_graphs[0].asset_file_def[0].filename = name

    edit(table, lead_out)
    refused(table, r"asset: got .*; expected a path in the folder assets, without '\.\.'")


def test_a_table_of_another_file(table: Path) -> None:
    """The name of the file comes from a constant instead of an asset."""

    def change(saved) -> None:
        for function in saved.meta_graphs[0].graph_def.library.function:
            for node in function.node_def:
                if node.op == "InitializeTableFromTextFileV2":
                    node.input[1] = "Const:output:0"

    edit(table, change)
    refused(table, r"InitializeTableFromTextFileV2 \(reads or writes files\)")


def test_a_table_of_what_is_bound_to_no_asset(table: Path) -> None:
    def change(saved) -> None:
        objects = saved.meta_graphs[0].object_graph_def
        nodes = range(len(objects.nodes))
        (asset,) = (i for i in nodes if objects.nodes[i].WhichOneof("kind") == "asset")
        other = next(i for i in nodes if objects.nodes[i].WhichOneof("kind") == "constant")
        for function in objects.concrete_functions.values():
            for index, bound in enumerate(function.bound_inputs):
                if bound == asset:
                    function.bound_inputs[index] = other

    edit(table, change)
    refused(table, r"InitializeTableFromTextFileV2 \(reads or writes files\)")


def test_a_table_that_the_main_graph_fills(table: Path, tmp_path: Path) -> None:
    """Beside the object graph's asset: with another graph there, TensorFlow runs the main one."""
    secret = str(tmp_path / "secret").encode()

    def change(saved) -> None:
        graph = saved.meta_graphs[0]
        saved.meta_graphs.add().CopyFrom(graph)
        saved.meta_graphs[1].meta_info_def.tags[:] = ["other"]
        del graph.asset_file_def[:]
        graph.ClearField("saver_def")
        (node,) = (each for each in graph.graph_def.node if each.name == "asset_path_initializer")
        node.op = "Const"
        node.attr.clear()
        node.attr["dtype"].type = tf.string.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(secret))

    edit(table, change)
    refused(table, r"operators: got .*InitializeTableFromTextFileV2 \(reads or writes files\)")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_unchecked(table, "serve")
    assert secret + b"; No such file" in failure.value.stderr, "it is read nowhere"


# How TensorFlow words operators that reach out; of those that compute a few are worded so too.
WORDS = re.compile(
    r"File|Path|Directory|Python|PyFunc|Server|Rpc|Remote|Library|Dataset|Iterator|Reader|Dump|Proto"
    r"|Summary|Checkpoint|Save|Restore|Debug|TPU|Tpu|Xla|Nccl|Collective|Host|Send|Recv"
)
WORDED = set(
    """
    AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary ScalarSummary
    TensorSummary TensorSummaryV2 DebugGradientIdentity DebugGradientRefIdentity
    """.split()
)


def test_goes_by_the_same_list_as_the_plan() -> None:
    """Where it does not, known_operators.py writes that list anew."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == verdicts()


def test_goes_through_all_that_tensorflow_has() -> None:
    allowed = {op for op in registered() if reason_against(NodeDef(op=op)) is None}
    assert allowed < set(public()) < set(registered())
    worded = {op for op in allowed if WORDS.search(op)}
    assert worded == WORDED | SAVING | VOCABULARY
    of_files = {
        op
        for op in allowed
        for each in (*op_def_registry.get(op).input_arg, *op_def_registry.get(op).attr)
        if "file" in each.name
    }
    assert of_files == VOCABULARY | {"MergeV2Checkpoints"}


REACHING = """
    ReadFile WriteFile MatchingFiles ImmutableConst RecordInput FixedUnigramCandidateSampler
    PyFunc PyFuncStateless EagerPyFunc TextLineReaderV2 TFRecordDataset TextLineDataset
    CacheDatasetV2 SaveDatasetV2 GeneratorDataset DataServiceDatasetV4 LoadAndRemapMatrix
    GenerateVocabRemapping CreateSummaryFileWriter WriteSummary DebugIdentityV3 DecodeProtoV2
    EncodeProto RemoteCall Send Recv CollectiveReduceV3 FileSystemSetConfiguration SqlDataset
    Save Restore RestoreSlice DumpTensor RpcClient RpcServer XlaCustomCallV2 XlaCallModule
    CalibrationStatisticsSaver TPUExecute Abort _Send __name__ raw_ops
""".split()
COMPUTING = """
    Conv2D DepthwiseConv2dNative FusedBatchNormV3 MatMul BatchMatMulV2 Softmax Erfc GatherV2
    Einsum StatefulPartitionedCall PartitionedCall While StatelessIf ReadVariableOp VarHandleOp
    Const Placeholder NoOp Identity TensorListStack LookupTableFindV2 HashTableV2 ParseExampleV2
    DecodeJpeg RaggedTensorToTensor StringSplitV2 CudnnRNNV3 NonMaxSuppressionV5 RFFT Assert
    ResizeBilinear
""".split()


@pytest.mark.parametrize("operator", REACHING)
def test_refuses_what_reaches_out(operator: str) -> None:
    assert reason_against(NodeDef(op=operator))


@pytest.mark.parametrize("operator", COMPUTING)
def test_lets_what_computes(operator: str) -> None:
    assert reason_against(NodeDef(op=operator)) is None
