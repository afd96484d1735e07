"""Requests: the schemas and the runtime's own check refuse the same ones."""

from __future__ import annotations

import copy

import pytest
from ayci_runtime.errors import InvalidRequest
from ayci_runtime.request import check_convert, check_describe, check_infer, check_measure
from requesting import (
    artifact_of,
    convert_of,
    describe_of,
    file_of,
    input_of,
    measure_of,
    new_handler,
    subject_of,
    validator,
)


class ADAPTER:
    framework = "onnx"
    optimizers = ("vanilla", "onnx", "onnx-int8")
    conversions = ("onnx", "onnx-int8")


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
        subject_of(path, *inputs, reference=artifact_of(path), expected=artifact_of(path)),
        subject_of(path, role="baseline"),
    )


@pytest.fixture(scope="module")
def convert(shelf, tmp_path_factory):
    return convert_of(artifact_of(shelf / "conv.onnx"), tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def slots(convert):
    upload = {"url": "https://host/bucket/key?X-Amz-Signature=secret"}
    return {**convert, "output": {"slots": [upload, upload], "result": upload}}


@pytest.fixture(scope="module")
def infer(convert):
    return {**convert, "op": "infer", "optimizer": "vanilla"}


@pytest.fixture(scope="module")
def describe(shelf):
    return describe_of(artifact=artifact_of(shelf / "conv.onnx"))


@pytest.fixture(scope="module")
def excluding(measure):
    return {**measure, "notIn": ["a", "b"], "fresh": True, "holdMs": 10.5}


NAMES = ["measure", "convert", "slots", "infer", "describe", "excluding"]
OPTIONAL = {
    ("measure", "reference"),
    ("measure", "expected"),
    ("excluding", "expected"),
    ("excluding", "reference"),
    ("excluding", "notIn"),
    ("excluding", "fresh"),
    ("excluding", "holdMs"),
    ("describe", "artifact"),
}
CHECKS = {
    "measure": check_measure,
    "convert": check_convert,
    "infer": check_infer,
    "describe": check_describe,
}


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
    op = {"slots": "convert", "excluding": "measure"}.get(name, name)
    schema = "convert" if op == "infer" else op
    by_schema = not validator(f"{schema}-request").is_valid(request)
    try:
        CHECKS[op](request, ADAPTER)
        by_check = False
    except InvalidRequest:
        by_check = True
    assert by_schema == by_check, request
    return by_check


@pytest.mark.parametrize("name", NAMES)
def test_good_requests_pass(name, request):
    assert not refused_by_both(name, request.getfixturevalue(name))


@pytest.mark.parametrize("name", NAMES)
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
            assert refused_by_both(name, less) == ((name, key) not in OPTIONAL), (path, key)
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize(
    "url",
    [
        *("http://h/x", "ftp://h/x", "file://h/x", "/x", "s3://b/k", ""),
        *("http://127.0.0.1@h/x", "http://127.0.0.1.h/x", "http://localhost:1@h/x", "HTTP://h/x"),
        *("http://127.0.0.1", "http://127.0.0.1:x/", "http://169.254.169.254/x", "http://[::]/x"),
    ],
)
def test_other_urls_are_refused_and_not_repeated(measure, url):
    made = changed(measure, ("subjects", 0, "artifact", "files", 0, "url"), url)
    assert refused_by_both("measure", made)
    with pytest.raises(InvalidRequest) as caught:
        new_handler()(made, None)
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "http://127.0.0.1:9000/x?y", "http://localhost:1/", "http://[::1]:1/x"],
)
def test_urls_of_servers_on_this_machine_pass(measure, slots, url):
    made = changed(measure, ("subjects", 0, "artifact", "files", 0, "url"), url)
    assert not refused_by_both("measure", made)
    assert not refused_by_both("slots", changed(slots, ("output", "slots", 1, "url"), url))


@pytest.mark.parametrize(
    "url", ["file:///tmp/x", "http://h/x", "http://127.0.0.1@h/x", "", "https://h/" + "x" * 8192]
)
@pytest.mark.parametrize("path", [("slots", 1, "url"), ("result", "url")])
def test_other_urls_to_upload_to_are_refused_and_not_repeated(slots, url, path):
    made = changed(slots, ("output", *path), url)
    assert refused_by_both("slots", made)
    with pytest.raises(InvalidRequest) as caught:
        new_handler()(made, None)
    assert not url or url[:20] not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (("notIn",), ["x"] * 1000, ["x"] * 1001),
        (("notIn",), [], [""]),
        (("holdMs",), 10_000, 10_000.5),
        (("holdMs",), 0, -1),
        (("fresh",), False, 0),
    ],
)
def test_bounds_of_exclusion(excluding, path, good, bad):
    assert not refused_by_both("excluding", changed(excluding, path, good))
    assert refused_by_both("excluding", changed(excluding, path, bad))


def test_bounds_of_slots(slots):
    upload = slots["output"]["result"]
    for count, refused in ((0, True), (1, False), (16, False), (17, True)):
        made = changed(slots, ("output", "slots"), [upload] * count)
        assert refused_by_both("slots", made) == refused


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


@pytest.mark.parametrize("request_", [None, [], "measure", {}, {"op": "x"}, {"op": ["x"]}])
def test_what_is_no_request_is_refused(request_):
    with pytest.raises(InvalidRequest):
        new_handler()(request_, None)
