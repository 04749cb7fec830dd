"""The files of a configuration directory."""

from pathlib import Path

from monitor.config.problems import Problems
from monitor.config.source import SIZE_LIMIT
from monitor.core.errors import Place

FOLDERS = ("outlets", "knowledge", "rules")
FILES = ("monitor.yaml", "channels.yaml")
_SUFFIXES = (".yaml", ".yml")  # .yml is read so that load can refuse it: nothing is skipped quietly


def read_directory(path: Path) -> dict[str, str]:
    """Relative name to text of all configuration files, for `load`.

    A file that is no UTF-8 is carried on with its bytes as lone surrogates, which `load` reports
    with their place. Raises ConfigurationError where the directory or a file cannot be read.
    """
    problems = Problems()
    if not path.is_dir():
        problems.add(Place(str(path)), "no such directory; `monitor init DIR` makes one")
    files: dict[str, str] = {}
    for file in _candidates(path):
        name = file.relative_to(path).as_posix()
        try:
            with file.open("rb") as stream:
                content = stream.read(SIZE_LIMIT + 1)  # load reports what is longer
        except OSError as error:
            problems.add(Place(name), f"cannot be read: {error.strerror}")
        else:
            files[name] = content.decode("utf-8", errors="surrogateescape")
    problems.raise_if_any()
    return files


def _candidates(path: Path) -> list[Path]:
    folders = [path / folder for folder in FOLDERS]
    found = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    top = [path / Path(name).with_suffix(suffix) for name in FILES for suffix in _SUFFIXES]
    return [file for file in top if file.exists()] + [
        file
        for file in found
        if file.suffix in _SUFFIXES and not file.name.startswith(".")  # an editor's own files
    ]
