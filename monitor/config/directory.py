"""The files of a configuration directory, and when they have changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.config.opening import opened
from monitor.config.problems import ConfigurationError, Problems, Whole
from monitor.config.secrets import FILE_REFERENCE, SECRETS_FILE
from monitor.config.source import SIZE_LIMIT
from monitor.core.errors import Problem

TEMPLATES = "templates"  # of messages; the other folders hold YAML
FOLDERS = ("outlets", "knowledge", "rules", TEMPLATES)
FILES = ("monitor.yaml", "channels.yaml")
TEMPLATE = ".j2"
_SUFFIXES = (".yaml", ".yml")  # .yml is read so that load can refuse it: nothing is skipped quietly


@dataclass(frozen=True, slots=True)
class Written:
    """What stands on disk: texts by relative name, and what could not be read."""

    files: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read_directory(path: Path) -> dict[str, str]:
    """Relative name to text of all configuration files, for `load`.

    Raises ConfigurationError where the directory or a file cannot be read.
    """
    found = read_written(path)
    if found.problems:
        raise ConfigurationError(found.problems)
    return dict(found.files)


def read_written(path: Path) -> Written:
    """The files that can be read, and why others cannot.

    A file that is no UTF-8 is carried on with its bytes as lone surrogates, which `load` reports
    with their place.
    """
    problems = Problems()
    files: dict[str, str] = {}
    for file in _candidates(path, problems):
        name = file.relative_to(path).as_posix()
        try:
            with opened(file) as stream:
                content = stream.read(SIZE_LIMIT + 1)  # load reports what is longer
        except OSError as error:
            problems.add(Whole(name), f"cannot be read: {error.strerror}")
        else:
            files[name] = content.decode("utf-8", errors="surrogateescape")
    return Written(files, problems.found)


class Edits:
    """Tells when the files of a directory were changed and have come to rest.

    They are looked at by name, size and times; their texts are read only after a change, and only
    when two looks one after the other found the same: a file that is being saved waits. So are the
    files of secrets that the texts name.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: _Marks | None = None
        self._taken: _Marks | None = None
        self._named: frozenset[Path] = frozenset()

    def look(self) -> Written | None:
        """What stands on disk, if that has not been given out yet and is at rest."""
        marks = self._marks()
        before, self._seen = self._seen, marks
        if marks == self._taken or marks != before:
            return None
        found = read_written(self._directory)
        if self._marks() != marks:  # it was changed while it was read
            return None
        self._named = _named(found.files, self._directory)
        self._taken = self._seen = self._marks()
        return found

    def again(self) -> None:
        """Give out once more what was given out last: nothing could be made of it yet."""
        self._taken = None

    def _marks(self) -> "_Marks":
        own = [*_candidates(self._directory, Problems()), self._directory / SECRETS_FILE]
        return _marks([*own, *self._named])


_Marks = dict[str, tuple[int, ...]]


def _named(files: Mapping[str, str], base: Path) -> frozenset[Path]:
    """The files that references in the texts name, there or not."""
    paths = (path for text in files.values() for path in FILE_REFERENCE.findall(text))
    return frozenset(base / path for path in paths if "\0" not in path)


def _marks(files: Iterable[Path]) -> _Marks:
    marks: _Marks = {}
    for file in files:
        try:
            found = file.stat()
        except OSError as error:
            marks[str(file)] = (error.errno or 0,)
        else:
            # The time of the inode too: a copy may keep the other one, and the size by chance.
            times = (found.st_mtime_ns, found.st_ctime_ns)
            marks[str(file)] = (*times, found.st_size, found.st_ino, found.st_mode)
    return marks


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
        if file.suffix in _suffixes_in(file.parent.name)
        and not file.name.startswith(".")  # an editor's own files
    ]


def _suffixes_in(folder: str) -> tuple[str, ...]:
    return (TEMPLATE,) if folder == TEMPLATES else _SUFFIXES


def _listed(folder: Path, problems: Problems) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        pass
    except OSError as error:
        problems.add(Whole(folder.name), f"cannot be read: {error.strerror}")
    return []
