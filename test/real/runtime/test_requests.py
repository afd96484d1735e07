"""Requests: the schemas and the runtime's own check refuse the same ones."""

from __future__ import annotations

import copy

import pytest
from ayci_runtime.errors import InvalidRequest
from ayci_runtime.request import check_convert, check_measure
from conftest import (
    artifact_of,
    convert_of,
    file_of,
    input_of,
    measure_of,
    new_handler,
    subject_of,
    validator,
)

OPTIMIZERS = ("vanilla", "onnx")
SHA = "a" * 64


@pytest.fixture(scope="module")
def measure(shelf):
    path = shelf / "conv.onnx"
    known = {key: value for key, value in file_of(path).items() if key != "path"}
    inputs = [
        input_of("a", "float32", [1, 2]),
        input_of("b", "int64", [], "range", low=0, high=2.5),
        input_of("c", "bool", [0], "file", **known),
    ]
    return measure_of(
        subject_of(path, *inputs, reference=artifact_of(path)),
        subject_of(path, role="baseline"),
    )


@pytest.fixture(scope="module")
def convert(shelf, tmp_path_factory):
    return convert_of(artifact_of(shelf / "conv.onnx"), tmp_path_factory.mktemp("out"))


def places(value, path=()):
    """All paths to objects, lists and values in a request."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in items:
            yield from places(each, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def changed(request, path, new):
    made = copy.deepcopy(request)
    at(made, path[:-1])[path[-1]] = new
    return made


def refused_by_both(name, request):
    check = check_measure if name == "measure" else check_convert
    by_schema = not validator(f"{name}-request").is_valid(request)
    try:
        check(request, "onnx", OPTIMIZERS)
        by_check = False
    except InvalidRequest:
        by_check = True
    assert by_schema == by_check, request
    return by_check


@pytest.mark.parametrize("name", ["measure", "convert"])
def test_good_requests_pass(name, request):
    assert not refused_by_both(name, request.getfixturevalue(name))


@pytest.mark.parametrize("name", ["measure", "convert"])
def test_missing_and_further_fields_are_refused(name, request):
    good = request.getfixturevalue(name)
    seen = 0
    for path in places(good):
        if not isinstance(at(good, path), dict):
            continue
        more = copy.deepcopy(good)
        at(more, path)["further"] = 1
        assert refused_by_both(name, more), path
        for key in at(good, path):
            less = copy.deepcopy(good)
            del at(less, path)[key]
            assert refused_by_both(name, less) == (key != "reference"), (path, key)
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", ["measure", "convert"])
@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "", "\0", [], {}, "x" * 2000])
def test_values_of_another_kind_are_refused_alike(name, wrong, request):
    good = request.getfixturevalue(name)
    for path in places(good):
        if path:
            refused_by_both(name, changed(good, path, wrong))
    assert refused_by_both(name, changed(good, ("nonce",), None))


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../x", "a//x", ".", "..", "a/.", "a\\b", "a\0b", "", "a/", "./a"],
)
def test_paths_that_leave_the_folder_are_refused(measure, path):
    made = changed(measure, ("subjects", 0, "artifact", "files", 0, "path"), path)
    assert refused_by_both("measure", changed(made, ("subjects", 0, "artifact", "entry"), path))


@pytest.mark.parametrize("path", ["a", "a/b.onnx", "..a", "a..", "...", "ä b"])
def test_paths_inside_the_folder_pass(measure, path):
    made = changed(measure, ("subjects", 0, "artifact", "files", 0, "path"), path)
    assert not refused_by_both("measure", changed(made, ("subjects", 0, "artifact", "entry"), path))


@pytest.mark.parametrize("url", ["http://h/x", "ftp://h/x", "file://h/x", "/x", "s3://b/k", ""])
def test_other_urls_are_refused_and_not_repeated(measure, url):
    made = changed(measure, ("subjects", 0, "artifact", "files", 0, "url"), url)
    assert refused_by_both("measure", made)
    with pytest.raises(InvalidRequest) as caught:
        new_handler()(made, None)
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("subjects", 1, "role"), "candidate"),
        (("subjects", 0, "artifact", "entry"), "other.onnx"),
        (("seed",), float("nan")),
        (("deadlineMs",), float("inf")),
        (("deadlineMs",), 0),
        (("threads",), 0),
        (("batch",), 0),
        (("protocol",), 2),
        (("framework",), "pytorch"),
        (("optimizer",), "tvm"),
    ],
)
def test_values_out_of_bounds_are_refused(measure, path, new):
    with pytest.raises(InvalidRequest):
        new_handler()(changed(measure, path, new), None)


def test_a_path_twice_is_refused(measure):
    made = copy.deepcopy(measure)
    files = made["subjects"][0]["artifact"]["files"]
    files.append(files[0])
    with pytest.raises(InvalidRequest, match="twice"):
        new_handler()(made, None)


@pytest.mark.parametrize("request_", [None, [], "measure", {}, {"op": "describe"}, {"op": ["x"]}])
def test_what_is_no_request_is_refused(request_):
    with pytest.raises(InvalidRequest):
        new_handler()(request_, None)
