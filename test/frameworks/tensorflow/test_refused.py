"""Models that cannot be served, each with one clear line."""

from __future__ import annotations

import shutil
from pathlib import Path

import app
import pytest
import tensorflow as tf
from ayci_runtime.errors import InvalidInput, InvalidModel
from runtime_requests import ask, describe_of, input_of, measure_of, subject_of
from saved_model import load_checked
from tensorflow_models import ENTRY, Scaled, artifact_of, edit, save


def described(folder: Path) -> dict:
    return ask(app.handler, describe_of("tensorflow", artifact_of(folder)))


def refused(folder: Path, match: str) -> None:
    with pytest.raises(InvalidModel, match=match) as caught:
        described(folder)
    assert str(folder) not in str(caught.value) and "\n" not in str(caught.value)


def test_no_signature(folder: Path) -> None:
    tf.saved_model.save(Scaled(), folder)
    refused(folder, r"signatures: got none; expected serving_default\. Save it by Keras's")


def save_several(folder: Path) -> Path:
    module = Scaled()
    functions = {"encode": module.function(), "decode": module.function()}
    tf.saved_model.save(module, folder, signatures=functions)
    return folder


def test_several_signatures(folder: Path) -> None:
    refused(
        save_several(folder), r"got decode, encode; expected serving_default or only one\. Choose"
    )


def test_the_chosen_signature(folder: Path) -> None:
    save_several(folder)
    (folder / "ayci-signature").write_text("encode\n")
    assert [each["name"] for each in described(folder)["inputs"]] == ["x"]
    (folder / "ayci-signature").write_text("missing")
    refused(folder, r"signature: got 'missing'; expected decode, encode")
    (folder / "ayci-signature").write_bytes(b"\xff")
    refused(folder, r"ayci-signature: got no name")


def test_a_choice_that_is_no_file_of_the_model(folder: Path) -> None:
    """In a user's own folder: the plan does not see it, and the key does not cover it."""
    save_several(folder)
    artifact = artifact_of(folder)
    (folder / "ayci-signature").write_text("encode")
    with pytest.raises(InvalidModel, match="got decode, encode; expected serving_default"):
        ask(app.handler, describe_of("tensorflow", artifact))


def test_the_only_signature(folder: Path) -> None:
    module = Scaled()
    tf.saved_model.save(module, folder, signatures={"only": module.function()})
    assert [each["name"] for each in described(folder)["outputs"]] == ["y"]


def test_no_saved_model(folder: Path) -> None:
    folder.mkdir()
    (folder / ENTRY).write_bytes(b"this is text, and no message")
    refused(folder, r"saved_model\.pb: got no SavedModel")
    (folder / ENTRY).write_bytes(b"")
    refused(folder, r"saved_model\.pb: got graphs tagged none; expected one tagged serve")


def test_more_than_protobuf_holds(folder: Path) -> None:
    folder.mkdir()
    with (folder / ENTRY).open("wb") as file:
        # Without blocks on the disk.
        file.truncate(1 << 31)
    with pytest.raises(InvalidModel, match=r"got 2147483648 bytes; expected at most 2147483647"):
        load_checked(folder / ENTRY)


def test_no_variables(folder: Path) -> None:
    save(folder)
    shutil.rmtree(folder / "variables")
    refused(folder, "variables")


def test_another_tag(folder: Path) -> None:
    save(folder)

    def add(saved) -> None:
        saved.meta_graphs.add().CopyFrom(saved.meta_graphs[0])
        for meta in saved.meta_graphs:
            del meta.meta_info_def.tags[:]
            meta.meta_info_def.tags.append("train")

    edit(folder, add)
    refused(folder, r"got graphs tagged train, train; expected one tagged serve")


def test_an_input_that_is_sparse(folder: Path) -> None:
    save(folder)

    def change(saved) -> None:
        info = saved.meta_graphs[0].signature_def["serving_default"].inputs["x"]
        info.coo_sparse.values_tensor_name = "values:0"

    edit(folder, change)
    refused(folder, r"input x: got a sparse or composite tensor; expected a dense one")


def test_an_input_of_another_kind(folder: Path) -> None:
    spec = tf.TensorSpec([None], tf.complex64, "x")
    function = tf.function(lambda x: {"y": tf.abs(x)}).get_concrete_function(spec)
    tf.saved_model.save(tf.Module(), folder, signatures=function)
    refused(folder, r"input x: got a tensor of complex64, which AYCI cannot feed")


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (input_of("x", "float32", [2, 5]), r"input x: got shape \[2, 5\]"),
        (input_of("x", "int64", [2, 4]), r"input x: got int64; expected float32"),
        (input_of("image", "float32", [2, 4]), r"inputs: got image; the model takes x"),
    ],
)
def test_inputs_that_do_not_fit(folder: Path, given: dict, match: str) -> None:
    subject = subject_of(artifact_of(save(folder)), given)
    with pytest.raises(InvalidInput, match=match):
        ask(app.handler, measure_of("tensorflow", "vanilla", subject))


def test_a_link_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    save(folder)
    data = next((folder / "variables").glob("*.data-*"))
    data.rename(tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidModel, match=r"variables\.data-\S+: got a link out of the folder"):
        load_checked(folder / ENTRY)
