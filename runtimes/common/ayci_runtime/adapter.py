"""What a framework brings: how to load a model, feed it, and read what comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ConversionFailed
from .tensors import Tensor


@dataclass(frozen=True)
class InputType:
    """An input that a model takes; a dimension is its size, its symbol, or None."""

    name: str
    dtype: str
    dims: tuple[int | str | None, ...]


@dataclass(frozen=True)
class Conversion:
    """What a conversion took, ms; None where the optimizer does no such thing."""

    optimize_ms: float | None
    compile_ms: float | None


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
    optimizers: tuple[str, ...]

    @abstractmethod
    def load(self, path: Path, optimizer: str, threads: int) -> LoadedModel:
        """Loads a model, converted for `optimizer` where that one converts."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide how fast it runs."""

    def convert(self, path: Path, sizes: Sequence[int], optimizer: str, target: Path) -> Conversion:
        """Writes the model as `optimizer` wants it to `target`, further files beside it.

        `sizes`: bytes of each of the model's files. Raises ConversionFailed where it is refused.
        """
        raise ConversionFailed(f"{optimizer} converts nothing for {self.framework}")
