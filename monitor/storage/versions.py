"""The rules in force, and the versions that each of them has had."""

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from monitor.core import definitions
from monitor.core.changes import Kept
from monitor.core.model import RuleId
from monitor.core.rules import Rule
from monitor.storage.schema import rule, rule_version
from monitor.storage.upsert import insert_missing


@dataclass(frozen=True, slots=True)
class AtWork(Mapping[RuleId, Rule]):
    """The rules that the database says are at work; each is unpacked when it is asked for.

    A definition that this version of the program cannot read is as good as none: KeyError.
    """

    packed: Mapping[RuleId, bytes]
    waiting: frozenset[RuleId]  # vanished from the files, and kept until somebody confirms it

    def __getitem__(self, name: RuleId) -> Rule:
        try:
            return definitions.read(json.loads(zlib.decompress(self.packed[name])))
        except ValueError as error:
            raise KeyError(name) from error

    def __contains__(self, name: object) -> bool:
        return name in self.packed  # of thousands of rules, to unpack each takes seconds

    def __iter__(self) -> Iterator[RuleId]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)


def at_work(connection: Connection) -> AtWork:
    """The rules that match now, as far as their definitions are kept."""
    same = and_(rule_version.c.rule_id == rule.c.id, rule_version.c.version == rule.c.version)
    asked = select(rule.c.id, rule.c.kept, rule_version.c.definition)
    rows = connection.execute(asked.join(rule_version, same).where(rule.c.live)).all()
    return AtWork(
        {RuleId(row.id): row.definition for row in rows},
        frozenset(RuleId(row.id) for row in rows if row.kept == Kept.VANISHED),
    )


def put_in_force(
    connection: Connection,
    rules: Sequence[Rule],
    *,
    kept: Mapping[RuleId, Kept],
    packed: Mapping[RuleId, bytes],
    now: datetime,
) -> None:
    """Make these the rules in force; what is as it was costs nothing.

    `packed` are definitions made before this transaction, by `pack`: of rules that have changed in
    whatever way. What is missing there is made here.
    """
    known = {row.id: row for row in connection.execute(select(rule))}
    _keep_versions(connection, rules, packed, known, now=now)
    wanted = {each.id for each in rules}
    gone = [name for name in known if name not in wanted and (known[name].live or known[name].kept)]
    left = {known[name].version: known[name] for name in gone if known[name].live}
    for name in gone:
        ended = update(rule).where(rule.c.id == name)
        connection.execute(ended.values(live=False, kept=None))
    new = []
    for each in rules:
        before = known.get(each.id)
        if kept.get(each.id) is Kept.VANISHED and before is not None and not before.live:
            continue  # confirmed to go while this was decided; the next look takes it up
        renamed = left.pop(each.version, None) if before is None else None
        values = {
            "version": each.version,
            "title": each.title,
            "live": each.enabled,
            "kept": kept.get(each.id),
            "trial_since": _trial_since(each, before or renamed, now=now),
        }
        if before is None:
            told = renamed and renamed.trial_told
            new.append({"id": each.id, "since": now, "trial_told": told, **values})
        elif any(getattr(before, key) != value for key, value in values.items()):
            same = before.version == each.version and before.live
            since = before.since if same else now
            changed = update(rule).where(rule.c.id == each.id)
            connection.execute(changed.values(since=since, **values))
    insert_missing(connection, rule, new)


def _trial_since(wanted: Rule, before: Any, *, now: datetime) -> datetime | None:
    """When the trial of a rule began; another condition, name or pause begins none anew."""
    if wanted.trial is None:
        return None
    if before is not None and before.trial_since is not None:
        began: datetime = before.trial_since
        return began
    return now if wanted.enabled else None


def _keep_versions(
    connection: Connection,
    rules: Sequence[Rule],
    packed: Mapping[RuleId, bytes],
    known: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Give a number to each version that has never been in force; keep what has changed besides."""
    numbered, new = _numbers(connection), []
    for each in rules:
        numbers = numbered.get(each.id, {})
        retitled = each.id in known and known[each.id].title != each.title
        same = {"rule_id": each.id, "version": each.version}
        if each.version not in numbers:
            number = max(numbers.values(), default=0) + 1
            definition = packed.get(each.id) or pack(each)
            new.append({**same, "number": number, "since": now, "definition": definition})
        elif each.id in packed or retitled:
            here = and_(*(rule_version.c[key] == value for key, value in same.items()))
            definition = packed.get(each.id) or pack(each)
            connection.execute(update(rule_version).where(here).values(definition=definition))
    insert_missing(connection, rule_version, new)


def _numbers(connection: Connection) -> dict[str, dict[str, int]]:
    """The number of each version, by rule."""
    numbers: dict[str, dict[str, int]] = {}
    asked = select(rule_version.c.rule_id, rule_version.c.version, rule_version.c.number)
    for row in connection.execute(asked):
        numbers.setdefault(row.rule_id, {})[row.version] = row.number
    return numbers


def pack(wanted: Rule) -> bytes:
    """A rule as it is kept; for one with long lists this takes a tenth of a second."""
    return zlib.compress(json.dumps(definitions.written(wanted)).encode())


def retire(connection: Connection, names: Collection[RuleId]) -> None:
    """Take rules out of force because somebody has confirmed that they shall go.

    They stay marked as kept until a watch has taken it up, which tells it.
    """
    for name in names:
        connection.execute(update(rule).where(rule.c.id == name).values(live=False))


def confirmed(connection: Connection) -> tuple[RuleId, ...]:
    """The rules that somebody has confirmed to go, and no watch has taken that up yet."""
    asked = select(rule.c.id).where(~rule.c.live, rule.c.kept == Kept.VANISHED)
    return tuple(RuleId(name) for name in connection.execute(asked.order_by(rule.c.id)).scalars())


def retired(connection: Connection) -> frozenset[RuleId]:
    """The rules that are not at work: switched off, gone, or confirmed to go."""
    asked = select(rule.c.id).where(~rule.c.live)
    return frozenset(RuleId(name) for name in connection.execute(asked).scalars())


def kept(connection: Connection) -> list[tuple[RuleId, str, Kept]]:
    """The rules in force in a version that the files do not hold: id, title and why."""
    asked = select(rule.c.id, rule.c.title, rule.c.kept)
    asked = asked.where(rule.c.live, rule.c.kept.is_not(None))
    rows = connection.execute(asked.order_by(rule.c.id)).all()
    return [(RuleId(row.id), row.title, Kept(row.kept)) for row in rows]


def numbers(connection: Connection, rules: Sequence[Rule]) -> dict[RuleId, int]:
    """What people call the versions of these rules."""
    known = _numbers(connection)
    return {each.id: known[each.id][each.version] for each in rules}
