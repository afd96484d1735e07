"""What a framework brings: how to load a model, feed it, and read what comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ConversionFailed
from .inputs import InputType, Spec, make_inputs
from .tensors import Tensor

__all__ = ["Adapter", "Conversion", "InputType", "LoadedModel", "Wanted"]


@dataclass(frozen=True)
class Conversion:
    """What a conversion made and took; times in ms, None where the optimizer does no such thing."""

    # Name of the file that serving opens first.
    entry: str
    # Export to another format, graph optimization, quantization.
    optimize_ms: float | None
    # Compilation for the hardware.
    compile_ms: float | None
    # What a reader should know of the result: what fell back to slower code, by which way it came.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a conversion is for."""

    optimizer: str
    # 'x86_64' or 'arm64': where the result is served, which may be other than this machine.
    hardware: str
    batch: int
    # Threads of serving.
    threads: int
    seed: int
    inputs: Sequence[Spec]
    # Bytes of each of the model's files.
    sizes: Sequence[int]
    # A folder for what is not the result.
    scratch: Path

    def feeds(self, more: int = 0) -> list[Tensor]:
        """Values of all inputs, seeded by `seed + more`. Raises as `make_inputs`."""
        return make_inputs(self.inputs, self.seed + more, self.scratch)


class LoadedModel(ABC):
    """A model ready to run."""

    inputs: Sequence[InputType]
    # Names and dtypes; None for what is no tensor.
    outputs: Sequence[tuple[str, str | None]]

    @abstractmethod
    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """A call that runs one inference on these inputs and returns raw outputs.

        It is what is timed, so it does nothing that a user's own serving code would not do.
        """

    @abstractmethod
    def tensors(self, raw: object) -> list[Tensor]:
        """What a bound call returned, as named tensors in the model's order."""


class Adapter(ABC):
    """One framework. Its methods raise whatever the framework raises; the callers type it."""

    framework: str
    # Those that it serves, and those that it converts for.
    optimizers: tuple[str, ...]
    conversions: tuple[str, ...] = ()

    @abstractmethod
    def load(self, path: Path, optimizer: str, threads: int) -> LoadedModel:
        """Loads a model, converted for `optimizer` where that one converts."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide how fast it runs."""

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """Writes the model as `wanted.optimizer` wants it: files, all in one level, to `folder`.

        `folder` is empty. Raises ConversionFailed where the model is refused.
        """
        raise ConversionFailed(f"{wanted.optimizer} converts nothing for {self.framework}")
