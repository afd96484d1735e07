"""What an image weighs: `python sizes.py RUNTIME serve|convert` builds it and prints one line of JSON, bytes."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from images import Image, build, layer_sizes, mounted


@dataclass(frozen=True)
class ImageSize:
    """Bytes."""

    # All files that are laid upon the base image.
    files: int
    # Of these, what pip installed, by the packages' own lists.
    installed: int


def _files(folder: Path) -> int:
    return sum(
        os.lstat(Path(root) / name).st_size for root, _, names in os.walk(folder) for name in names
    )


def _installed(task: Path) -> int:
    total = 0
    for record in task.glob("*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            total += sum(int(row[2]) for row in csv.reader(lines) if len(row) == 3 and row[2])
    return total


def size_of(image: Image, root: Path) -> ImageSize:
    """The size of a built image whose root file system is mounted at `root`."""
    task = root / image.folder.relative_to("/")
    return ImageSize(_files(task), _installed(task))


if __name__ == "__main__":
    made = build(*sys.argv[1:])
    with mounted(made) as place:
        print(json.dumps({"layers": layer_sizes(made), **asdict(size_of(made, place))}))
