"""Rules as a person names them behind a command."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from monitor.cli.exits import MisuseError


def refuse_unknown(names: Iterable[str], known: Collection[str]) -> None:
    """Raise MisuseError for a rule that is not there, with what may have been meant."""
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise MisuseError(f"there is no rule {name!r}.{hint} Rules: {', '.join(known)}")
