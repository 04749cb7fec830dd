"""The JSON Schemas: what an editor says of a file is what the loader says."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli.exits import MisuseError
from monitor.cli.schema import Name
from monitor.config import ConfigurationError, load, read_directory
from monitor.config import conditions as condition_forms
from monitor.config import rules as rule_files
from monitor.config.codes import COUNTRIES
from monitor.config.knowledge import KEYS as KNOWLEDGE_KEYS
from monitor.config.schemas import FOLDER, NAMES, WEBHOOK, document, write_schemas, written
from monitor.config.settings import LogFormat, LogLevel
from monitor.config.starter import copy_starter
from monitor.config.volumes import KEYS as VOLUME_KEYS
from monitor.core.errors import Permanent
from monitor.core.knowledge import Status
from monitor.core.model import Severity, Tier
from monitor.core.rules import OncePer, Scope, Unit, WeakPolicy

ROOT = Path(__file__).resolve().parents[2]
STARTER = read_directory(ROOT / "config")
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in ("rules", "configuration", "knowledge")]
BLOCKS = [
    pytest.param(body, id=f"{path.stem}-{number}")
    for path in DOCUMENTS
    for number, body in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL), 1
    )
]
# The loader wants a whole configuration; these are the least it takes.
LEAST = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "rules/least.yaml": "rules: [{id: the-least, when: Chevron}]\n",
    "outlets/least.yaml": "outlets: [{id: ap, name: AP, country: US, language: en, tier: wire}]",
}


# --- reading a file as an editor does: YAML 1.2, where `no` and `22:00` are texts


def read(text: str) -> Any:
    return value(yaml.compose(text, Loader=yaml.SafeLoader))


def value(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: value(item) for key, item in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value(item) for item in node.value]
    return scalar(node.value) if node.style is None else node.value


def scalar(text: str) -> Any:
    """A text without quotes, by the core schema of YAML 1.2."""
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def kind(file: str) -> str:
    return file.partition("/")[0].removesuffix(".yaml")


def errors(file: str, text: str) -> list[ValidationError]:
    return list(Draft7Validator(document(kind(file))).iter_errors(read(text)))


def places(found: list[ValidationError]) -> Iterator[str]:
    """Where the errors are, as `rules.0.when`; of alternatives, each one's."""
    for error in found:
        yield ".".join(map(str, error.absolute_path))
        yield from places(list(error.context or ()))


def told(error: ValidationError) -> str:
    return f"{list(error.absolute_path)}: {error.message[:200]}"


def refused(file: str, text: str, tmp_path: Path) -> bool:
    """Whether the loader finds a mistake in this very file."""
    try:
        load(LEAST | {file: text}, base=tmp_path, environment={"KEY": "1234"})
    except ConfigurationError as error:
        return any(problem.place.file == file for problem in error.problems)
    return False


# --- what is right


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    Draft7Validator.check_schema(document(name))


@pytest.mark.parametrize("file", STARTER)
def test_a_starter_file_is_right(file: str) -> None:
    assert [told(error) for error in errors(file, STARTER[file])] == []


@pytest.mark.parametrize("file", STARTER)
def test_a_starter_file_names_its_schema_in_its_first_line(file: str) -> None:
    first = STARTER[file].splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / "config" / file).parent.joinpath(first).resolve() == (
        ROOT / "config" / FOLDER / f"{kind(file)}.json"
    )


def block_file(block: dict[str, Any]) -> str:
    for key, file in (("rules", "rules/x"), ("outlets", "outlets/x")):
        if key in block:
            return f"{file}.yaml"
    if set(block) & set(KNOWLEDGE_KEYS) - {"version"}:
        return "knowledge/x.yaml"
    channels = any(isinstance(item, dict) and "url" in item for item in block.values())
    return "channels.yaml" if channels else "monitor.yaml"


@pytest.mark.parametrize("body", BLOCKS)
def test_a_block_of_a_document_is_right(body: str) -> None:
    block = read(body)
    if isinstance(block, dict) and {"id", "when"} & set(block):
        block = [block]
    if isinstance(block, list):
        block = {"rules": [{"id": "document"} | rule for rule in block]}
    schema = document(kind(block_file(block)))
    assert [told(error) for error in Draft7Validator(schema).iter_errors(block)] == []


RULE = "rules: [{id: it, when: %s}]"
RIGHT = [
    ("rules/x.yaml", RULE % "2026"),
    ("rules/x.yaml", RULE % "{any: [2026, 1e3, true, no, 22:00, 1.5]}"),
    ("rules/x.yaml", RULE % "{near: {terms: [2026, oil], within: '0 words', ordered: 'true'}}"),
    ("rules/x.yaml", RULE % "{in: title, all: [tanker*, 'wom?n', =US, oil deal]}"),
    ("rules/x.yaml", RULE % "{all: [Chevron, 'regex:a b* c*d']}"),
    ("rules/x.yaml", RULE % "{all: [licencia~]}"),
    ("rules/x.yaml", RULE % "{at_least: {n: 2, of: [oil, {any: [gas, coal]}, 7]}}"),
    (
        "rules/x.yaml",
        "lists: {fuels: [oil, gas, 95]}\n" + RULE % "{at_least: {n: '2', of: [$fuels]}}",
    ),
    ("rules/x.yaml", RULE % "{repeat: {term: dron*, times: 3}}"),
    ("rules/x.yaml", RULE % "{any: [strike*], ignore: [strike* a deal, 911]}"),
    ("rules/x.yaml", RULE % "{any: [oil], ignore: palm oil}"),
    (
        "rules/x.yaml",
        RULE % "{score_at_least: 3, boost: [{any: [oil], points: 4}, {all: [gas], points: -1}]}",
    ),
    ("rules/x.yaml", RULE % "{volume: {of: oil, window: 6h, at_most: 0 stories}}"),
    (
        "rules/x.yaml",
        RULE % "{volume: {of: {any: [oil]}, window: 1 hour, at_least: '8 stories', ratio: 2.5}}",
    ),
    (
        "rules/x.yaml",
        RULE % "{volume: {of: 7, window: 1 h, at_least: 1 outlet, ratio: 3, baseline: 14 days}}",
    ),
    ("rules/x.yaml", "rules: [{id: 7, title: 2026, when: oil, enabled: false, severity: low}]"),
    ("rules/x.yaml", "rules: [{id: it, when: oil, enabled: 'true', expires: 2999-12-31}]"),
    ("rules/x.yaml", "defaults: {trial: 2h}\nrules: [{id: it, when: oil, trial: 3 days}]"),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, severity: [{when: raid, is: critical}, {is: high}]}]",
    ),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, examples: {match: [oil, {title: oil, text: 12}]}}]",
    ),
    ("rules/x.yaml", "defaults: {severity: high, alert: {weak: log}}\n" + RULE % "oil"),
    ("knowledge/x.yaml", "version: '1'\nlists: {years: [2026, 1998]}"),
    (
        "knowledge/x.yaml",
        """
        lists: {ships: [ship, $actor:ruritania.navy]}
        actors:
          ruritania:
            {title: R, names: [Ruritania, [Strelsau, 1894], {names: [Rudolf], since: 1894-07-01}],
             adjectives: [Ruritanian], acts_as: ruritania.government, moves: "true"}
          ruritania.navy: {title: 7, names: [Ruritanian navy], moves: false}
        offices:
          government: [king]
          government.guard: {words: [guards], alone: [marshal], moves: true}
        bindings: {agent: [by, por], not: [not, no]}
        planned_endings: [rá]
        suffered_endings: [ed, ido]
        notices: {correction: {opening: [Correction, 404], anywhere: [$ships]},
                  update: {opening: [Updated]}}
        modifiers: {may: {words: [may, false], status: hypothetical, behind: true}}
        types:
          raid:
            {title: a raid, family: cross-border, by: [ruritania], concerns: true, said: false,
             arguable: true, two_parties: false, becomes: {may: raid_threatened}, traps: [tax raid],
             cues: [[raid*], {words: [boards], place: counts, of: target, target: before,
                              needs: source, beside: [$ships], unless: [game]}]}
          raid_threatened: {title: t, family: cross-border}
        """,
    ),
    (
        "outlets/x.yaml",
        """outlets:
        - {id: 20minutos, name: 24, country: NO, language: no, tier: wire, credits: [24],
           feeds: [{url: HTTP://A.example, interval: 5m, source: 3, headers: {X-Count: 3}}]}""",
    ),
    ("channels.yaml", "version: 1\n7: {url: 'console:', default: 'true'}\n"),
    ("monitor.yaml", "fetch: {connections: '64', user_agent: 7, allow: ['127.0.0.1:8080']}"),
]


@pytest.mark.parametrize(("file", "text"), RIGHT)
def test_what_the_loader_takes_the_editor_takes(file: str, text: str, tmp_path: Path) -> None:
    assert not refused(file, text, tmp_path)
    assert [told(error) for error in errors(file, text)] == []


# --- what is wrong

WHEN = "rules.0.when"
FEED = "outlets: [{id: a, name: A, country: GB, language: en, tier: wire, feeds: [%s]}]"
WRONG = [
    ("rules/x.yaml", "rules: [{id: it}]", "rules.0"),
    ("rules/x.yaml", "rules: [{when: oil}]", "rules.0"),
    ("rules/x.yaml", "rules: [{id: It Is, when: oil}]", "rules.0.id"),
    ("rules/x.yaml", "rules: [{id: it, when: oil, tittle: x}]", "rules.0"),
    ("rules/x.yaml", "rules: [{id: it, when: oil, severity: urgent}]", "rules.0.severity"),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, severity: [{when: raid, is: urgent}]}]",
        "rules.0.severity.0.is",
    ),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, severity: [{when: raid}]}]",
        "rules.0.severity.0",
    ),
    ("rules/x.yaml", "rules: [{id: it, when: oil, enabled: yes}]", "rules.0.enabled"),
    ("rules/x.yaml", "rules: [{id: it, when: oil, expires: 31.12.2999}]", "rules.0.expires"),
    ("rules/x.yaml", "rules: [{id: it, when: oil, trial: 3}]", "rules.0.trial"),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, notify: {channels: []}}]",
        "rules.0.notify.channels",
    ),
    ("rules/x.yaml", "rules: [{id: it, when: oil, alert: {weak: no}}]", "rules.0.alert.weak"),
    (
        "rules/x.yaml",
        "rules: [{id: it, when: oil, examples: {match: [{text: oil}]}}]",
        "rules.0.examples.match.0",
    ),
    ("rules/x.yaml", "rules: [{id: it, when: oil}]\nlists: {Big Oil: [oil]}", "lists"),
    ("rules/x.yaml", "rules: [{id: it, when: oil}]\nlists: {fuels: [{a: b}]}", "lists.fuels.0"),
    ("rules/x.yaml", "version: 2\nrules: [{id: it, when: oil}]", "version"),
    ("rules/x.yaml", "rules: []", "rules"),
    ("rules/x.yaml", "defaults: {id: it}\n" + RULE % "oil", "defaults"),
    ("rules/x.yaml", RULE % "[oil, gas]", WHEN),
    ("rules/x.yaml", RULE % "{word: oil}", WHEN),
    ("rules/x.yaml", RULE % "oi*", WHEN),
    ("rules/x.yaml", RULE % "{all: [tanker, 'o*l']}", f"{WHEN}.all.1"),
    ("rules/x.yaml", RULE % "{all: ['the =oi* deal']}", f"{WHEN}.all.0"),
    ("rules/x.yaml", RULE % "$Fuels", WHEN),
    ("rules/x.yaml", RULE % "{any: oil}", f"{WHEN}.any"),
    ("rules/x.yaml", RULE % "{any: [oil, '']}", f"{WHEN}.any.1"),
    ("rules/x.yaml", RULE % "{any: [oil, {all: [gas, {regex: a}]}]}", f"{WHEN}.any.1.all.1"),
    ("rules/x.yaml", RULE % "{in: title}", WHEN),
    ("rules/x.yaml", RULE % "{in: [title, head], any: [oil]}", f"{WHEN}.in.1"),
    ("rules/x.yaml", RULE % "{tier: national, language: spanish, any: [oil]}", f"{WHEN}.language"),
    ("rules/x.yaml", RULE % "{country: UK, any: [oil]}", f"{WHEN}.country"),
    ("rules/x.yaml", RULE % "{near: oil}", f"{WHEN}.near"),
    ("rules/x.yaml", RULE % "{near: {terms: [oil]}}", f"{WHEN}.near.terms"),
    ("rules/x.yaml", RULE % "{near: {terms: [oil, 'regex:x']}}", f"{WHEN}.near.terms.1"),
    ("rules/x.yaml", RULE % "{near: {terms: [oil, gas], within: 12}}", f"{WHEN}.near.within"),
    ("rules/x.yaml", RULE % "{near: {terms: [oil, gas], with: 1 word}}", f"{WHEN}.near"),
    ("rules/x.yaml", RULE % "{at_least: {of: [oil, gas]}}", f"{WHEN}.at_least"),
    ("rules/x.yaml", RULE % "{at_least: {n: two, of: [oil, gas]}}", f"{WHEN}.at_least.n"),
    ("rules/x.yaml", RULE % "{at_least: {n: 0, of: [oil, gas]}}", f"{WHEN}.at_least.n"),
    ("rules/x.yaml", RULE % "{repeat: {term: oil}}", f"{WHEN}.repeat"),
    ("rules/x.yaml", RULE % "{repeat: {term: [oil], times: 3}}", f"{WHEN}.repeat.term"),
    ("rules/x.yaml", RULE % "{any: [oil], ignore: {all: [palm oil]}}", f"{WHEN}.ignore"),
    ("rules/x.yaml", RULE % "{ignore: [palm oil]}", WHEN),
    ("rules/x.yaml", RULE % "{boost: [{any: [oil], points: 1}]}", WHEN),
    ("rules/x.yaml", RULE % "{score_at_least: 2, boost: [{any: [oil]}]}", f"{WHEN}.boost.0"),
    (
        "rules/x.yaml",
        RULE % "{score_at_least: 2, boost: [{any: [oil], points: 2.5}]}",
        f"{WHEN}.boost.0.points",
    ),
    ("rules/x.yaml", RULE % "{volume: {window: 6h, at_most: 0 stories}}", f"{WHEN}.volume"),
    ("rules/x.yaml", RULE % "{volume: {of: oil, window: 6h}}", f"{WHEN}.volume"),
    (
        "rules/x.yaml",
        RULE % "{volume: {of: oil, window: 6h, at_most: 0 stories, ratio: 2}}",
        f"{WHEN}.volume",
    ),
    (
        "rules/x.yaml",
        RULE % "{volume: {of: oil, window: 6h, at_least: 8, ratio: 2}}",
        f"{WHEN}.volume.at_least",
    ),
    (
        "rules/x.yaml",
        RULE % "{volume: {of: [oil], window: 6h, at_most: 0 stories}}",
        f"{WHEN}.volume.of",
    ),
    ("rules/x.yaml", RULE % "{any: [{volume: {of: oil}}]}", f"{WHEN}.any.0"),
    ("knowledge/x.yaml", "lists: {fuels: oil}", "lists.fuels"),
    ("knowledge/x.yaml", "rules: []", ""),
    ("knowledge/x.yaml", "actors: {Ruritania: {title: R, names: [R]}}", "actors"),
    ("knowledge/x.yaml", "actors: {ruritania: {names: [Ruritania]}}", "actors.ruritania"),
    ("knowledge/x.yaml", "actors: {a: {title: R, names: [raid~]}}", "actors.a.names.0"),
    ("knowledge/x.yaml", "actors: {a: {title: R, names: [[]]}}", "actors.a.names.0"),
    (
        "knowledge/x.yaml",
        "actors: {a: {title: R, names: [{names: [Rudolf], since: 1894}]}}",
        "actors.a.names.0.since",
    ),
    ("knowledge/x.yaml", "offices: {king: {moves: maybe, words: [king]}}", "offices.king.moves"),
    ("knowledge/x.yaml", "bindings: {agents: [by]}", "bindings"),
    ("knowledge/x.yaml", "planned_endings: [-rá]", "planned_endings.0"),
    ("knowledge/x.yaml", "modifiers: {may: {words: [may], status: x}}", "modifiers.may.status"),
    ("knowledge/x.yaml", "notices: {corrections: {opening: [Correction]}}", "notices"),
    ("knowledge/x.yaml", "notices: {correction: {}}", "notices.correction"),
    ("knowledge/x.yaml", "notices: {update: {opening: [updat~]}}", "notices.update.opening.0"),
    ("knowledge/x.yaml", "types: {raid: {title: r, cues: [[raid]]}}", "types.raid"),
    ("knowledge/x.yaml", "types: {raid: {title: r, family: f, cues: [raid]}}", "types.raid.cues.0"),
    (
        "knowledge/x.yaml",
        "types: {raid: {title: r, family: f, cues: [{words: [raid], of: source}]}}",
        "types.raid.cues.0.of",
    ),
    ("outlets/x.yaml", "version: 1", ""),
    ("outlets/x.yaml", "outlets: [{id: a, name: A, country: GB, language: en}]", "outlets.0"),
    (
        "outlets/x.yaml",
        "outlets: [{id: a, name: A, country: Spain, language: en, tier: wire}]",
        "outlets.0.country",
    ),
    ("outlets/x.yaml", FEED % "{interval: 5m}", "outlets.0.feeds.0"),
    ("outlets/x.yaml", FEED % "{url: a.example}", "outlets.0.feeds.0.url"),
    ("outlets/x.yaml", FEED % "{url: 'https://u:p@a.example'}", "outlets.0.feeds.0.url"),
    ("outlets/x.yaml", FEED % "{url: 'https://a', interval: 5}", "outlets.0.feeds.0.interval"),
    ("outlets/x.yaml", FEED % "{url: 'https://a', interval: 0 s}", "outlets.0.feeds.0.interval"),
    (
        "outlets/x.yaml",
        FEED % "{url: 'https://a', page: {items: li, date_format: '%d/%m/%Y'}}",
        "outlets.0.feeds.0.page",
    ),
    ("channels.yaml", "desk: {default: true}", "desk"),
    ("channels.yaml", "desk: {url: 'console:', default: true, rate: 3}", "desk.rate"),
    (
        "channels.yaml",
        "desk: {url: 'console:', default: true, digest: {every: 1}}",
        "desk.digest.every",
    ),
    ("monitor.yaml", "poll: {interval: five minutes}", "poll.interval"),
    ("monitor.yaml", "fetch: {workers: 65}", "fetch.workers"),
    ("monitor.yaml", "fetch: {respect_robots: maybe}", "fetch.respect_robots"),
    ("monitor.yaml", "fetch: {allow: [localhost]}", "fetch.allow.0"),
    ("monitor.yaml", "logging: {level: loud}", "logging.level"),
    ("monitor.yaml", "port: 80", ""),
]


@pytest.mark.parametrize(("file", "text", "place"), WRONG)
def test_what_is_wrong_is_marked_where_it_stands(
    file: str, text: str, place: str, tmp_path: Path
) -> None:
    assert place in set(places(errors(file, text)))
    assert refused(file, text, tmp_path), "the loader takes it"


# --- the constants of the loader


def enums(shape: Any) -> Iterator[frozenset[str]]:
    if isinstance(shape, dict):
        if isinstance(shape.get("enum"), list):
            yield frozenset(shape["enum"])
        for item in shape.values():
            yield from enums(item)
    elif isinstance(shape, list):
        for item in shape:
            yield from enums(item)


@pytest.mark.parametrize(
    ("name", "closed"),
    [
        ("rules", Severity), ("rules", OncePer), ("rules", WeakPolicy), ("rules", Scope),
        ("rules", Unit), ("rules", Tier), ("outlets", Tier), ("monitor", LogLevel),
        ("monitor", LogFormat), ("knowledge", Status),
    ],
)  # fmt: skip
def test_every_closed_set_is_offered_whole(name: str, closed: type[StrEnum]) -> None:
    assert frozenset(closed) in set(enums(document(name)))


@pytest.mark.parametrize("name", ["rules", "outlets"])
def test_every_country_is_offered(name: str) -> None:
    assert COUNTRIES in set(enums(document(name)))


def test_every_key_of_a_rule_and_of_a_condition_is_offered() -> None:
    schema = document("rules")
    rule = schema["properties"]["rules"]["items"]["properties"]
    assert set(rule) == set(rule_files.KEYS)
    definitions = schema["definitions"]
    assert set(definitions["condition"]["properties"]) == set(condition_forms.KEYS)
    assert set(definitions["boost"]["properties"]) == {*condition_forms.KEYS, "points"}
    volume = rule["when"]["then"]["properties"]["volume"]
    assert set(volume["properties"]) == set(VOLUME_KEYS)


def keys_without_words(shape: Any, key: str = "") -> Iterator[str]:
    if isinstance(shape, dict):
        for name, item in shape.get("properties", {}).items():
            if "description" not in item and "$ref" not in item:
                yield f"{key}.{name}"
        for name, item in shape.items():
            yield from keys_without_words(item, f"{key}.{name}")


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_explained_under_the_pointer(name: str) -> None:
    assert list(keys_without_words(document(name))) == []


# --- the files


@pytest.mark.parametrize("name", NAMES)
def test_the_file_beside_the_starter_is_what_the_program_prints(name: str) -> None:
    on_disk = (ROOT / "config" / FOLDER / f"{name}.json").read_text("utf-8")
    assert on_disk == written(name), "run `monitor schema --write config`"
    assert json.loads(on_disk) == document(name)


def test_a_new_configuration_has_the_schemas_that_its_files_name(tmp_path: Path) -> None:
    copy_starter(tmp_path / "desk")
    for file in (tmp_path / "desk").rglob("*.yaml"):
        reference = file.read_text("utf-8").splitlines()[0].partition("$schema=")[2]
        assert (file.parent / reference).is_file(), file
    assert not (tmp_path / "desk" / "demo").exists()


def test_schemas_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file in the way")
    with pytest.raises(Permanent, match=r"\.schemas cannot be written"):
        write_schemas(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_prints_a_schema(name: str) -> None:
    assert CliRunner().invoke(app, ["schema", name]).stdout == written(name)


def test_the_command_writes_all_schemas(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schema", "--write", str(tmp_path)])
    assert result.exit_code == 0
    found = {path.name: path.read_text("utf-8") for path in (tmp_path / FOLDER).iterdir()}
    assert found == {f"{name}.json": written(name) for name in NAMES}


@pytest.mark.parametrize("words", [[], ["rules", "--write", "."]])
def test_the_command_wants_a_kind_or_a_directory(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["schema", *words])
    assert isinstance(result.exception, MisuseError)


def test_the_command_offers_every_schema() -> None:
    assert get_args(Name) == (*NAMES, WEBHOOK)
