"""Channels with a language and a layout of their own, from an article to what people get."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from test_incidents import ATTACKS, KNOWN
from typer.testing import CliRunner

from monitor import app
from monitor.cli import app as commands
from monitor.config import directory
from monitor.config.load import load
from monitor.storage.schema import delivery

STYLED = (
    'console: {url: "console:", default: true}\n'
    'mesa: {url: "file:mesa/", default: true, language: es}\n'
    'desk: {url: "file:desk/", default: true, template: templates/desk.j2}\n'
)
TEMPLATE = "{% for item in content.items %}\nOURS {{ item.headline }}\n{% endfor %}\n"
TEMPLATE += "{% for line in content.lines %}\n{{ line|line }}\n{% endfor %}\nend\n"
# Serves every sample, and breaks at a headline that is none of theirs.
FRAGILE = TEMPLATE + "{{ 1 / 0 if 'Ruritania' in content.title }}\n"


@pytest.fixture
def open_styled(open_desk, files, tmp_path):
    def open_one(template):
        written = files | {"channels.yaml": STYLED, "templates/desk.j2": template}
        return open_desk(app.configure_files(written, base=tmp_path))

    return open_one


def kept(desk, name):
    """What a channel of files got, in order."""
    folder = Path(desk.monitor.configuration.settings.state) / name
    return [file.read_text("utf-8") for file in sorted(folder.glob("*.txt"))]


def test_each_channel_gets_the_alert_in_its_own_language_and_layout(open_styled, newsroom):
    desk = open_styled(TEMPLATE)
    desk.sweep()
    newsroom.publish("Ruritania offers talks")
    english = desk.sweep(minutes=6)
    assert "first report of this story" in english
    [spanish] = kept(desk, "mesa")
    assert "primera noticia de este hecho" in spanish
    assert "first report" not in spanish
    [own] = kept(desk, "desk")
    assert own.endswith("OURS Ruritania offers talks\nend\n")


def test_a_template_that_breaks_loses_no_alert_and_people_are_told_once(open_styled, newsroom):
    desk = open_styled(FRAGILE)
    desk.sweep()
    newsroom.publish("Ruritania offers talks")
    newsroom.publish("Ruritania breaks off talks about a bridge by the sea", feed="b")
    told = desk.sweep(minutes=6)
    alerts = [each for each in kept(desk, "desk") if "[ops]" not in each]
    assert alerts
    assert all("OURS" not in each and "first report of this story" in each for each in alerts)
    assert told.count("The template of the channel desk cannot be used") == 1
    assert "templates/desk.j2:8: division by zero" in told
    with desk.database.read() as connection:
        states = {row.state for row in connection.execute(select(delivery))}
    assert states == {"sent"}


def test_templates_are_files_of_the_configuration(tmp_path, files):
    for name, text in (files | {"channels.yaml": STYLED}).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "desk.j2").write_text(TEMPLATE, "utf-8")
    (tmp_path / "templates" / "notes.txt").write_text("no template", "utf-8")
    (tmp_path / "templates" / ".desk.j2.swp.j2").write_text("an editor's own", "utf-8")
    edits = directory.Edits(tmp_path)
    edits.look()
    found = edits.look()
    assert found is not None
    assert [name for name in found.files if name.startswith("templates")] == ["templates/desk.j2"]
    loaded = load(found.files, base=tmp_path, environment={})
    style = next(each.style for each in loaded.channels if each.name == "desk")
    assert style.template is not None
    assert style.template.source == TEMPLATE
    (tmp_path / "templates" / "desk.j2").write_text(f"{TEMPLATE}more\n", "utf-8")
    edits.look()
    assert edits.look() is not None  # an edit is looked at as one of any other file


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("console:", "▄▂··▂·█"),
        (
            "mailto://mail.example?from=desk@mail.example&to=a@desk.example",
            "with the chart as a picture; --html",
        ),
    ],
)
def test_a_preview_of_a_digest_shows_its_chart(files, tmp_path, url, shown):
    files["channels.yaml"] = f'desk: {{url: "{url}", default: true}}\n'
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = ["channels", "preview", "desk", "--kind", "digest", "--config", str(tmp_path)]
    done = CliRunner().invoke(commands, words)
    assert "Matches since " in done.stdout
    assert shown in done.stdout
    if url.startswith("mailto"):
        page = tmp_path / "digest.html"
        assert CliRunner().invoke(commands, [*words, "--html", str(page)]).exit_code == 0
        assert '<img src="data:image/png;base64,iVBOR' in page.read_text("utf-8")


def test_types_of_events_have_the_names_that_knowledge_gives_them_in_a_language(
    open_desk, files, tmp_path, newsroom
):
    first, second = KNOWN.types
    labelled = replace(first, labels={"es": "ataque aéreo"}), replace(second, labels={})
    files["channels.yaml"] = STYLED.replace(", template: templates/desk.j2", "")
    found = load(files, base=tmp_path, environment={})
    desk = open_desk(replace(found, rules=(ATTACKS,), knowledge=replace(KNOWN, types=labelled)))
    desk.sweep()
    newsroom.publish("Northland raids Strelsau")
    newsroom.publish("Northland bombs Strelsau", feed="b")
    english = desk.sweep(minutes=6) + desk.sweep(hours=1)
    spanish = "".join(kept(desk, "mesa"))
    assert "Northland → Strelsau: air strike" in english
    assert "Northland → Strelsau: ataque aéreo" in spanish
    assert "Northland → Strelsau: raid" in spanish
    assert "air strike" not in spanish
