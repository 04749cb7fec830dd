import pytest
import typer

from monitor.cli.converting import convert
from monitor.cli.exits import Exit


def test_a_query_is_printed_as_what_stands_under_when(capsys: pytest.CaptureFixture[str]) -> None:
    convert('(crude OR $fuels) NEAR/5 talk* NOT "palm oil"')
    assert capsys.readouterr().out == (
        "lists: {crude_or_fuels: [crude, $fuels]}\n"
        "when: {near: {terms: [$crude_or_fuels, talk*], within: 5 words}, none: [palm oil]}\n"
    )


def test_each_mistake_is_shown_below_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised:
        convert("oil AND\ngas W/5 tax")
    assert raised.value.exit_code == Exit.NO
    assert capsys.readouterr().out == (
        'gas W/5 tax\n    ^ column 5: "W/5" is no operator here; write NEAR/5\n'
    )
