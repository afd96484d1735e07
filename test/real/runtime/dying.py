"""Adapters whose conversion goes wrong in each of the ways in which a native converter can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from ayci_runtime.adapter import Adapter, Conversion
from ayci_runtime.errors import ConversionFailed, InvalidModel

DONE = Conversion("model.onnx", 1.0, None)


class Converter(Adapter):
    framework = "onnx"
    optimizers = ("vanilla", "onnx")
    conversions = ("onnx",)

    def load(self, path, optimizer, threads):
        raise InvalidModel("not asked for")

    def versions(self):
        return {}

    def convert(self, path, wanted, folder):
        target = folder / "model.onnx"
        target.write_bytes(b"converted")
        return self.go_wrong(path, target) or DONE


class Killed(Converter):
    def go_wrong(self, path, target):
        os.kill(os.getpid(), signal.SIGKILL)


class Aborted(Converter):
    def go_wrong(self, path, target):
        print(f"terminate called after\n{path}: Assertion `x' failed\n\n", file=sys.stderr, end="")
        sys.stderr.flush()
        os.abort()


class BadAlloc(Converter):
    def go_wrong(self, path, target):
        print("  what():  std::bad_alloc", file=sys.stderr, flush=True)
        os.abort()


class Exited(Converter):
    def go_wrong(self, path, target):
        print("noise " * 10_000, file=sys.stderr, flush=True)
        print("e" * 10_000, file=sys.stderr, flush=True)
        os._exit(3)


class Silent(Converter):
    def go_wrong(self, path, target):
        os._exit(0)


class OutOfMemoryError(Converter):
    def go_wrong(self, path, target):
        raise MemoryError


class Refusing(Converter):
    def load(self, path, optimizer, threads):
        return None

    def go_wrong(self, path, target):
        raise ConversionFailed("operator Foo is not supported")


class Slow(Converter):
    """Starts a process of its own, tells its id and waits for it."""

    def go_wrong(self, path, target):
        started = subprocess.Popen(["sleep", "600"])
        (path.resolve().parent / "grandchild").write_text(str(started.pid))
        started.wait()


class Many(Converter):
    def go_wrong(self, path, target):
        for index in range(16):
            target.with_name(f"part-{index:02}").write_bytes(b"%d" % index)


class Linking(Converter):
    def go_wrong(self, path, target):
        target.with_name("weights.bin").symlink_to("/proc/self/environ")


class Nested(Converter):
    def go_wrong(self, path, target):
        target.with_name("folder").mkdir()


class Piping(Converter):
    def go_wrong(self, path, target):
        os.mkfifo(target.with_name("pipe"))


class Faulty(Converter):
    def versions(self):
        raise ValueError("a secret")

    def go_wrong(self, path, target):
        pass


class Nothing(Converter):
    def go_wrong(self, path, target):
        target.unlink()
        target.with_name("other").write_bytes(b"x")


class Large(Converter):
    def go_wrong(self, path, target):
        with target.open("wb") as file:
            file.truncate(64 << 20)


class Telling(Converter):
    """Writes its environment, its parent's and its folders to the model."""

    def go_wrong(self, path, target):
        parts = []
        for pid in ("self", str(os.getppid())):
            with open(f"/proc/{pid}/environ", "rb") as file:
                parts.append(file.read())
        target.write_bytes(b"\n".join(parts) + os.getcwd().encode())


def _write_answer(data):
    """To each open file, as code of a model could that wants to pass for the converter."""
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2:
            try:
                os.write(number, data)
            except OSError:
                pass
    os._exit(0)


class Forging(Converter):
    answer = b'{"entry": "model.onnx", "optimizeMs": 1, "compileMs": "much", "notes": []}'

    def go_wrong(self, path, target):
        _write_answer(self.answer)


class ForgingNan(Forging):
    answer = b'{"entry": "model.onnx", "optimizeMs": NaN, "compileMs": null, "notes": []}'


class ForgingNegative(Forging):
    answer = b'{"entry": "model.onnx", "optimizeMs": -1, "compileMs": null, "notes": []}'


class ForgingEntry(Forging):
    answer = b'{"entry": ["model.onnx"], "optimizeMs": 1, "compileMs": null, "notes": []}'


class ForgingNotes(Forging):
    answer = b'{"entry": "model.onnx", "optimizeMs": 1, "compileMs": null, "notes": "x"}'


class ForgingError(Forging):
    answer = b'{"errorType": "contextmanager", "errorMessage": "x"}'


class ForgingDeep(Forging):
    answer = b"[" * 60_000


class ForgingLong(Forging):
    answer = b'{"errorType": "ConversionFailed", "errorMessage": "' + b"x\\n" * 9000 + b'"}'
