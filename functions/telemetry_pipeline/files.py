"""Files that hold what is nobody else's business."""

import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole at every moment."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    unfinished.replace(file)
