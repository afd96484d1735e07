"""Values that are fed."""

from __future__ import annotations

import numpy as np
import pytest
from ayci_runtime.errors import ArtifactMismatch, InvalidInput, OutOfMemory
from ayci_runtime.inputs import make_inputs
from ayci_runtime.tensors import Tensor, fingerprint, from_bfloat16, numbers, to_bfloat16
from requesting import file_of, input_of


def values(spec, seed=1, folder=None):
    (tensor,) = make_inputs([spec], seed, folder)
    return tensor.array


def file_input(path, dtype, shape, **more):
    known = {key: value for key, value in file_of(path).items() if key != "path"}
    return input_of("x", dtype, shape, "file", **{**known, **more})


def test_seed_and_name_decide_whatever_else_is_fed():
    alone = values(input_of("x", "float32", [50]))
    beside = make_inputs([input_of("y", "int8", [7]), input_of("x", "float32", [50])], 1, None)
    assert np.array_equal(alone, beside[1].array)
    assert not np.array_equal(alone, values(input_of("x", "float32", [50]), 2))
    assert not np.array_equal(alone, values(input_of("z", "float32", [50])))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_normal_is_standard_normal(dtype):
    (tensor,) = make_inputs([input_of("x", dtype, [100, 1000])], 3, None)
    drawn = numbers(tensor)
    # 100,000 draws: the mean's standard error is 0.003, the deviation's 0.002.
    assert abs(drawn.mean()) < 0.02 and abs(drawn.std() - 1) < 0.02


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint16"])
def test_normal_of_integers_is_zero_or_one(dtype):
    assert set(values(input_of("x", dtype, [200])).tolist()) == {0, 1}


def test_coins():
    assert set(values(input_of("x", "bool", [200])).tolist()) == {True, False}
    texts = values(input_of("x", "string", [200]))
    assert texts.dtype == object and set(texts.tolist()) == {"0", "1"}


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "bool", "string", "bfloat16"])
def test_ones_and_zeros(dtype):
    for kind, number in (("ones", 1), ("zeros", 0)):
        (tensor,) = make_inputs([input_of("x", dtype, [2, 3], kind)], 1, None)
        assert tensor.array.shape == (2, 3)
        found = tensor.array.astype(int) if dtype == "string" else numbers(tensor)
        assert set(found.flat) == {number}


def test_range_of_integers_holds_low_and_not_high():
    drawn = values(input_of("x", "int64", [2000], "range", low=-3, high=4))
    assert set(drawn.tolist()) == set(range(-3, 4))
    whole = values(input_of("x", "uint8", [5000], "range", low=0, high=256))
    assert whole.dtype == np.uint8 and whole.max() == 255 and whole.min() == 0


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_range_of_floats_stays_below_high(dtype):
    drawn = values(input_of("x", dtype, [100_000], "range", low=-1, high=2))
    assert drawn.min() >= -1 and drawn.max() < 2 and drawn.dtype == np.dtype(dtype)
    assert abs(drawn.astype(float).mean() - 0.5) < 0.02


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("uint8", -1, 4), ("int8", 0, 1000), ("int32", 3, 3), ("float32", 1, 1), ("int64", 0.2, 0.8)],
)
def test_range_without_values_is_refused(dtype, low, high):
    with pytest.raises(InvalidInput, match="x"):
        values(input_of("x", dtype, [4], "range", low=low, high=high))


def test_scalar_and_empty_shapes():
    assert values(input_of("x", "float32", [])).shape == ()
    assert values(input_of("x", "float32", [], "range", low=0, high=1)).shape == ()
    assert values(input_of("x", "bfloat16", [])).shape == ()
    assert values(input_of("x", "int64", [0, 4])).shape == (0, 4)


def test_more_than_memory_holds_is_out_of_memory():
    with pytest.raises(OutOfMemory):
        values(input_of("x", "float64", [1 << 20, 1 << 30]))


def test_file_is_read(tmp_path):
    kept = np.arange(6, dtype=np.int64).reshape(2, 3)
    np.save(tmp_path / "x.npy", np.asfortranarray(kept))
    drawn = values(file_input(tmp_path / "x.npy", "int64", [2, 3]), 1, tmp_path / "scratch")
    assert np.array_equal(drawn, kept) and drawn.flags.c_contiguous


def test_file_of_texts_is_read(tmp_path):
    np.save(tmp_path / "x.npy", np.array(["good", "bad"]))
    drawn = values(file_input(tmp_path / "x.npy", "string", [2]), 1, tmp_path)
    assert drawn.dtype == object and drawn.tolist() == ["good", "bad"]


@pytest.mark.parametrize(("dtype", "shape"), [("float32", [2, 3]), ("int64", [3, 2])])
def test_file_of_another_type_or_shape_is_refused(tmp_path, dtype, shape):
    np.save(tmp_path / "x.npy", np.zeros((2, 3), np.int64))
    with pytest.raises(InvalidInput, match="int64"):
        values(file_input(tmp_path / "x.npy", dtype, shape), 1, tmp_path)


def test_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"PK\x03\x04 not an array")
    with pytest.raises(InvalidInput):
        values(file_input(tmp_path / "x.npy", "float32", [1]), 1, tmp_path)


def test_changed_file_is_a_mismatch(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(2, np.float32))
    with pytest.raises(ArtifactMismatch, match=r"x\.npy"):
        spec = file_input(tmp_path / "x.npy", "float32", [2], sha256="0" * 64)
        values(spec, 1, tmp_path)


class Payload:
    """Unpickling one makes the file of its path."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickled_objects_are_refused_and_not_run(tmp_path):
    trace = tmp_path / "ran"
    np.save(tmp_path / "x.npy", np.array([Payload(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidInput, match="Object arrays"):
        values(file_input(tmp_path / "x.npy", "string", [1]), 1, tmp_path)
    assert not trace.exists()
    np.load(tmp_path / "x.npy", allow_pickle=True)
    assert trace.exists(), "the payload is a real one"


def test_bfloat16_rounds_to_nearest_even():
    exact = np.float32([0, 1, -2, 0.5, 3.140625, 1e30])
    assert np.array_equal(from_bfloat16(to_bfloat16(exact))[:5], exact[:5])
    # 1 + 2^-8 lies half-way between 1 and 1 + 2^-7: to the even one; 1 + 3·2^-8 to 1 + 2^-6.
    halves = np.float32([1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20])
    assert from_bfloat16(to_bfloat16(halves)).tolist() == [1, 1 + 2**-6, 1 + 2**-7]


def test_fingerprint_sees_name_type_shape_and_bytes():
    kept = Tensor("y", "float32", np.zeros((2, 3), np.float32))
    others = [
        Tensor("z", "float32", kept.array),
        Tensor("y", "int32", kept.array.astype(np.int32)),
        Tensor("y", "float32", kept.array.reshape(3, 2)),
        Tensor("y", "float32", kept.array + np.float32(1e-30)),
    ]
    prints = {fingerprint([each]) for each in (kept, *others)}
    assert len(prints) == 5
    same = Tensor("y", "float32", np.zeros((3, 2), np.float32).T)
    assert fingerprint([same]) == fingerprint([kept])
    texts = [np.array(each, dtype=object) for each in (["ab", "c"], ["a", "bc"])]
    one, other = (fingerprint([Tensor("y", "string", each)]) for each in texts)
    assert one != other
