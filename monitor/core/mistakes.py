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
    mended = [f"{_MENDED}{each}" for each in _mended(before, now, new)]
    if not now:
        told = [*mended, "All that stands in the files is in force."]
        return (CLEAR, "\n".join(told)) if before else None
    if not (new or mended):
        return None
    number = len(now) - len(new)
    known = f"{number} told before {'is' if number == 1 else 'are'} still open: `monitor status`"
    lines = [*new, *mended, *([known] if number else []), *([STAYS] if new else [])]
    return WRONG if new else MENDED, "\n".join(lines)


def _mended(before: Sequence[str], now: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The files without mistakes by now, then single mistakes of files that keep others.

    Not of a file with a new one: what cannot be read at all hides the others in it.
    """
    open_files = {_file(line) for line in now}
    yield from sorted({_file(line) for line in before} - open_files)
    hidden = {_file(line) for line in new}
    stays_first = sorted(before, key=lambda line: line not in now)  # of two alike the other is gone
    for line in fresh(now, stays_first):
        if _file(line) in open_files - hidden:
            yield line


def still_open(notices: Iterable[tuple[str, str]]) -> list[str]:
    """The mistakes that these messages, the oldest first, have left open."""
    lines: dict[str, None] = {}
    for title, body in notices:
        if title == CLEAR:
            lines.clear()
            continue
        for line in body.split("\n"):
            if line.startswith(_MENDED):
                for each in _meant(line.removeprefix(_MENDED), lines):
                    del lines[each]
            elif _LINE.fullmatch(line) and not line.endswith("still open: `monitor status`"):
                lines[line] = None
    return list(lines)


def _meant(mended: str, lines: Iterable[str]) -> list[str]:
    """The mistakes that are told to be mended: all of a file, or one, which may have moved."""
    alike = [line for line in lines if _mark(line) == _mark(mended)]
    if alike:
        return [mended if mended in alike else alike[0]]
    return [line for line in lines if _file(line) == mended]


def _mark(line: str) -> tuple[str, ...]:
    found = _LINE.fullmatch(line)
    return found.groups() if found else (line,)


def _file(line: str) -> str:
    return _mark(line)[0]
