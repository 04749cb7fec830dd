"""What the YAML parser says, in words for somebody who is no programmer."""

import yaml

_QUOTE_IT = "put the whole text in straight quotes"
INDENTED = "a tab or a wide space indents this line; indent with plain spaces"
_NO_START = f'a text cannot begin with "%s"; {_QUOTE_IT}'
# What libyaml says, whether its mistake is where it stopped (else where the thing began that went
# wrong), and what it means. The first that fits wins.
_MEANINGS: tuple[tuple[str, bool, str], ...] = (
    (
        "while scanning an alias",
        False,
        (
            'a text cannot begin with "*"; the "*" of a wildcard goes behind at least 3 letters, '
            'as in "tanker*"'
        ),
    ),
    ("while scanning an anchor", False, _NO_START % "&"),
    ("tag", False, _NO_START % "!"),
    ("expected ',' or ']'", False, 'this "[" is not closed, or a comma is missing behind it'),
    ("expected ',' or '}'", False, 'this "{" is not closed, or a comma is missing behind it'),
    ("unknown escape", True, 'unknown escape in double quotes; write "\\\\" or use single quotes'),
    ("unexpected end of stream", False, "this quote is never closed"),
    (
        "mapping values are not allowed",
        True,
        (
            'this ":" stands inside a text or is indented wrongly; if it belongs to the text, '
            f"{_QUOTE_IT}"
        ),
    ),
    (
        "could not find expected ':'",
        False,
        'a key without ":" and a space, or a line indented wrongly',
    ),
    ("block scalar", False, f'a text cannot begin with "|" or ">"; {_QUOTE_IT}'),
    (
        "did not find expected key",
        True,
        (
            "this does not fit what stands before it: wrong indentation, or text behind a closing "
            "quote or bracket"
        ),
    ),
    ("'-' indicator", True, "this line is indented wrongly for the list above it"),
    ("block sequence entries are not allowed", True, 'this "-" is indented wrongly'),
    ("<document start>", True, "this stands outside of the document; is it indented wrongly?"),
)


def syntax_message(error: yaml.MarkedYAMLError, text: str) -> tuple[yaml.Mark, str]:
    """Where the mistake is and what it means; the parser's own words if it is a rare one."""
    said = f"{error.context or ''} {error.problem or ''}"
    here = error.problem_mark or error.context_mark
    if "tab character" in said or text[here.index : here.index + 1] == "\t":
        before = text[text.rfind("\n", 0, here.index) + 1 : here.index]
        return here, "a tab stands here; write spaces" if before.strip() else INDENTED
    if "cannot start any token" in said:
        character = text[here.index : here.index + 1]
        return here, _NO_START % character
    for words, at_problem, meaning in _MEANINGS:
        if words in said:
            mark = here if at_problem else error.context_mark or here
            return mark, meaning + _curly_hint(text, mark)
    return here, f"this is not YAML: {error.problem}"


def _curly_hint(text: str, mark: yaml.Mark) -> str:
    line = text.splitlines()[mark.line : mark.line + 1]
    curly = any(quote in written for written in line for quote in "“”‘’")
    return '; the line holds curly quotes, and only straight ones (") count' if curly else ""
