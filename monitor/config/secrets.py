"""Secrets by reference: `${NAME}`, `${file:/path}`, `${cred:name}`; `$${` is a plain `${`."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from monitor.config.opening import opened
from monitor.config.problems import ConfigurationError, Whole
from monitor.core.errors import Place, Problem
from monitor.core.identity import digest

SECRETS_FILE = (
    "secrets.env"  # beside monitor.yaml: NAME=value lines, for service and commands alike
)
SECRET_LIMIT = 65_536  # bytes of a secret's file
SHORTEST_TOKEN = 8  # characters, one of them a digit: shorter parts are words, ports, chat names

_SEPARATORS = re.compile(r"[/:@?&=,#]+")
_DIGIT = re.compile(r"[0-9]")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
FILE_REFERENCE = re.compile(r"\$\{file:([^{}]+)\}")
REFERENCE = r"\$\{[^{}]+\}"  # one reference, for those who need to know where it stands


def _tokens(url: str) -> Iterator[str]:
    """The parts of an address that look secret.

    Services take their tokens apart and put them into addresses of their own, so a filter that
    knows only the whole address would miss them in a library's log line.
    """
    try:
        parts = urlsplit(url)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        return  # told where the address is understood
    if password:
        yield unquote(password)
    for piece in _SEPARATORS.split(url.partition("://")[2]):
        named_host = "." in host and piece.lower() == host
        if len(piece) >= SHORTEST_TOKEN and _DIGIT.search(piece) and not named_host:
            yield unquote(piece)


@dataclass(frozen=True, slots=True)
class SecretsFile:
    """What `secrets.env` says, and what is wrong with it; no message repeats a word of it."""

    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()


def read_secrets_file(directory: Path) -> SecretsFile:
    """The NAME=value lines of a directory's `secrets.env`; nothing if there is no such file.

    Raises ConfigurationError if it cannot be read as text.
    """
    try:
        with opened(directory / SECRETS_FILE) as stream:
            content = stream.read()
            everybody = os.fstat(stream.fileno()).st_mode & (stat.S_IROTH | stat.S_IWOTH)
    except (FileNotFoundError, NotADirectoryError):
        return SecretsFile({})
    except OSError as error:
        problem = Problem(Whole(SECRETS_FILE), f"cannot be read: {error.strerror}")
        raise ConfigurationError((problem,)) from error
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        place = Place(SECRETS_FILE, content.count(b"\n", 0, error.start) + 1)
        problem = Problem(place, "this line is not UTF-8; save the file as UTF-8")
        raise ConfigurationError((problem,)) from None  # the cause shows the bytes
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    written = [(number, line) for number, line in lines if line and not line.startswith("#")]
    pairs = (line.partition("=") for _, line in written if "=" in line)
    open_words = f"everybody on this machine can use it; chmod 640 {SECRETS_FILE}"
    return SecretsFile(
        values={name.strip(): value.strip() for name, _, value in pairs},
        problems=tuple(
            Problem(Place(SECRETS_FILE, number), 'a line is NAME=value, and this one has no "="')
            for number, line in written
            if "=" not in line
        ),
        remarks=(Problem(Whole(SECRETS_FILE), open_words),) if everybody else (),
    )


def outweighed(written: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The names in `secrets.env` that the process itself was given another value for.

    That one counts, and cannot change while it runs. Each with a digest of what is written.
    """
    return {
        name: digest("secret", value)
        for name, value in written.items()
        if environment.get(name, value) != value
    }


def outweighed_remarks(found: SecretsFile, environment: Mapping[str, str]) -> tuple[Problem, ...]:
    """That a name in `secrets.env` counts for nothing, because the environment has another."""
    said = "the environment of this command has another value for {}, and that one counts"
    place = Whole(SECRETS_FILE)
    return tuple(Problem(place, said.format(n)) for n in outweighed(found.values, environment))


class Secrets:
    """Resolves references and remembers every value it gave out, for the log filter."""

    def __init__(self, *, base: Path, environment: Mapping[str, str]) -> None:
        self._base = base
        self._environment = environment
        self._values: set[str] = set()

    @property
    def values(self) -> tuple[str, ...]:
        """Every value given out, and tokens of addresses, for the filter of `core/secrets.py`."""
        return tuple(sorted(self._values))

    def address(self, written: str) -> str:
        """`written` with its references resolved.

        A reference that is the whole text is put in as it is, for a secret that is an address of
        its own; inside a longer text the value is percent-encoded. Raises ValueError, naming the
        reference and never the value.
        """
        whole = _REFERENCE.fullmatch(written)
        if whole and whole[1] is not None:
            url = self._value(whole[1])
        else:
            url = _REFERENCE.sub(self._encoded, written)
        self._values.update(_tokens(url))
        return url

    def text(self, written: str) -> str:
        """`written` with its references resolved, each put in as it is. Raises like `address`."""
        return _REFERENCE.sub(self._resolved, written)

    def hide(self, value: str) -> None:
        """Counts `value`, made from a secret, among the values for the log filter."""
        self._values.add(value)

    def _encoded(self, found: re.Match[str]) -> str:
        return "${" if found[0] == "$${" else quote(self._resolved(found), safe="")

    def _resolved(self, found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        if found[1] is None:
            raise ValueError('a "${" is not closed; a reference is ${NAME}')
        return self._value(found[1])

    def _value(self, reference: str) -> str:
        kind, colon, name = reference.partition(":")
        if not colon:
            value = self._from_environment(reference)
        elif kind == "file":
            value = self._from_file(self._base / name, reference)
        elif kind == "cred":
            value = self._from_credential(name, reference)
        else:
            raise ValueError(
                f"${{{reference}}} is no reference; allowed: ${{NAME}}, ${{file:/path}}, "
                "${cred:name}"
            )
        if not value:
            raise ValueError(f"${{{reference}}} is empty")
        self._values.add(value)
        return value

    def _from_environment(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"${{{name}}} is no reference; a name is letters, digits and _")
        value = self._environment.get(name)
        if value is None:
            raise ValueError(f"${{{name}}}: the environment variable {name} is not set")
        return value.strip()

    def _from_credential(self, name: str, reference: str) -> str:
        if not _CREDENTIAL.fullmatch(name):
            raise ValueError(f"${{{reference}}}: a credential's name is letters, digits, . _ -")
        directory = self._environment.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise ValueError(
                f"${{{reference}}}: there are no credentials; systemd sets CREDENTIALS_DIRECTORY "
                "for units with LoadCredential="
            )
        return self._from_file(Path(directory) / name, reference)

    @staticmethod
    def _from_file(path: Path, reference: str) -> str:
        try:
            with opened(path) as stream:
                content = stream.read(SECRET_LIMIT + 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = error.strerror if isinstance(error, OSError) else "no such path"
            raise ValueError(f"${{{reference}}} cannot be read: {reason}") from error
        if len(content) > SECRET_LIMIT:
            raise ValueError(f"${{{reference}}} is over {SECRET_LIMIT:,} bytes: no secret")
        try:
            return content.decode().strip()
        except UnicodeDecodeError:
            raise ValueError(f"${{{reference}}} is not UTF-8 text") from None
