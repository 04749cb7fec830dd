"""The files of a configuration directory."""

from pathlib import Path

from monitor.config.problems import Problems, Whole
from monitor.config.source import SIZE_LIMIT

FOLDERS = ("outlets", "knowledge", "rules")
FILES = ("monitor.yaml", "channels.yaml")
_SUFFIXES = (".yaml", ".yml")  # .yml is read so that load can refuse it: nothing is skipped quietly


def read_directory(path: Path) -> dict[str, str]:
    """Relative name to text of all configuration files, for `load`.

    A file that is no UTF-8 is carried on with its bytes as lone surrogates, which `load` reports
    with their place. Raises ConfigurationError where the directory or a file cannot be read.
    """
    problems = Problems()
    files: dict[str, str] = {}
    for file in _candidates(path, problems):
        name = file.relative_to(path).as_posix()
        try:
            with file.open("rb") as stream:
                content = stream.read(SIZE_LIMIT + 1)  # load reports what is longer
        except OSError as error:
            problems.add(Whole(name), f"cannot be read: {error.strerror}")
        else:
            files[name] = content.decode("utf-8", errors="surrogateescape")
    problems.raise_if_any()
    return files


def _candidates(path: Path, problems: Problems) -> list[Path]:
    top = [path / Path(name).with_suffix(suffix) for name in FILES for suffix in _SUFFIXES]
    try:
        if not path.is_dir():
            problems.add(Whole(str(path)), "no such directory; `monitor init DIR` makes one")
            return []
        top = [file for file in top if file.exists()]
    except OSError as error:
        problems.add(Whole(str(path)), f"cannot be read: {error.strerror}")
        return []
    found = [file for folder in FOLDERS for file in _listed(path / folder, problems)]
    return top + [
        file
        for file in found
        if file.suffix in _SUFFIXES and not file.name.startswith(".")  # an editor's own files
    ]


def _listed(folder: Path, problems: Problems) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        pass
    except OSError as error:
        problems.add(Whole(folder.name), f"cannot be read: {error.strerror}")
    return []
