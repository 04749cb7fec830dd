"""The configuration that comes with the program, usable as it is."""

import shutil
from pathlib import Path

from monitor.config.schemas import write_schemas
from monitor.core.errors import Permanent


def starter_path() -> Path:
    """Where the starter configuration lies: inside the wheel, else in the checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_starter"
    return shipped if shipped.is_dir() else package.parent / "config"


def copy_starter(target: Path) -> None:
    """Copies the starter configuration to `target`, with the schemas of this very version.

    Raises Permanent rather than overwrite.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Permanent(f"{target} exists and is not an empty directory; nothing was written")
    try:
        shutil.copytree(
            starter_path(),
            target,
            ignore=shutil.ignore_patterns("demo", "secrets.env", ".*"),
            dirs_exist_ok=True,
        )
    except OSError as error:
        raise Permanent(f"{target} cannot be written: {error}") from error
    write_schemas(target)
