"""What is told of mistakes in the files of the configuration: what is new, and what is mended."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

WRONG = "An edit is not in force"
MENDED = "Some mistakes are mended"
CLEAR = "All edits are in force"
TITLES = (WRONG, MENDED, CLEAR)
STAYS = "What these mistakes touch stays as it was until they are mended."
_MENDED = "mended: "
_LINE = re.compile(r"(.+?)(?::\d+){0,2}: (.*)")  # file:line:column: what is wrong


def fresh(before: Iterable[str], now: Iterable[str]) -> Iterator[str]:
    """The lines that were not there before; a mistake that only moved in its file was."""
    known = Counter(map(_mark, before))
    for line in now:
        if known[_mark(line)] > 0:
            known[_mark(line)] -= 1
        else:
            yield line


def notice(before: Sequence[str], now: Sequence[str]) -> tuple[str, str] | None:
    """Title and body of the message about this change; None if there is nothing to say."""
    new = [*fresh(before, now)]
    files = sorted({_file(line) for line in before} - {_file(line) for line in now})
    mended = [f"{_MENDED}{file}" for file in files]
    if not now:
        told = [*mended, "All that stands in the files is in force."]
        return (CLEAR, "\n".join(told)) if before else None
    if not (new or mended):
        return None
    number = len(now) - len(new)
    known = f"{number} told before {'is' if number == 1 else 'are'} still open: `monitor status`"
    lines = [*new, *mended, *([known] if number else []), *([STAYS] if new else [])]
    return WRONG if new else MENDED, "\n".join(lines)


def still_open(notices: Iterable[tuple[str, str]]) -> list[str]:
    """The mistakes that these messages, the oldest first, have left open."""
    lines: dict[str, None] = {}
    for title, body in notices:
        if title == CLEAR:
            lines.clear()
            continue
        for line in body.split("\n"):
            if line.startswith(_MENDED):
                file = line.removeprefix(_MENDED)
                lines = {each: None for each in lines if _file(each) != file}
            elif _LINE.fullmatch(line) and not line.endswith("still open: `monitor status`"):
                lines[line] = None
    return list(lines)


def _mark(line: str) -> tuple[str, ...]:
    found = _LINE.fullmatch(line)
    return found.groups() if found else (line,)


def _file(line: str) -> str:
    return _mark(line)[0]
