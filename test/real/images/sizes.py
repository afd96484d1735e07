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


def packed_files(task: Path) -> dict[Path, int]:
    """The files that packages bring, by their own lists, and their bytes."""
    found: dict[Path, int] = {}
    for record in task.glob("*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            rows = (row for row in csv.reader(lines) if len(row) == 3 and row[2])
            found |= {Path(row[0]): int(row[2]) for row in rows}
    return found


def size_of(image: Image, root: Path) -> ImageSize:
    """The size of a built image whose root file system is mounted at `root`."""
    task = root / image.folder.relative_to("/")
    return ImageSize(_files(task), sum(packed_files(task).values()))


if __name__ == "__main__":
    made = build(*sys.argv[1:])
    with mounted(made) as place:
        print(json.dumps({"layers": layer_sizes(made), **asdict(size_of(made, place))}))
