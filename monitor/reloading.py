"""Takes up edits of the configuration while the watch runs, and tells what became of them.

    look ─at rest?─▶ load ─what comes into force?─▶ Watch ─one commit─▶ put, told

All of it runs beside the sweep. The steps that are under way end with the `Watch` that they began
with, so an article is matched by one version of each rule, whenever an edit comes.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil

import structlog
from sqlalchemy import Connection

from monitor.config.directory import Edits, Written
from monitor.config.force import Before, Load, comes_into_force
from monitor.config.load import Configuration
from monitor.config.problems import ConfigurationError
from monitor.config.settings import Settings, edited
from monitor.core import changes, mistakes
from monitor.core.changes import Changes, CutShort, Kept, Trial, Trials
from monitor.core.errors import Problem, Temporary
from monitor.core.identity import digest
from monitor.core.matcher import Matcher
from monitor.core.model import RuleId
from monitor.core.rules import Rule
from monitor.rerouting import reroute
from monitor.storage import deliveries, sync, trials, versions, views
from monitor.storage.engine import lock_configuration
from monitor.watch import Watch

TRIED_ARTICLES = 2_000  # the latest ones, which a new version of a rule is tried on
TRIED_FOR = 1.0  # seconds that this may take
# A step that began with channels that are gone now may still queue a message for them.
ORPHANS_LOOKED_FOR = timedelta(minutes=2).total_seconds()  # the lease of triage
VANISHED = "Rules vanished"
AN_HOUR = timedelta(hours=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Left:
    """What was in force before the watch was started with other files, or after a confirmation."""

    files: Mapping[str, str]
    rules: Mapping[RuleId, Rule]
    waiting: frozenset[RuleId]  # of these rules: vanished from the files, kept in force
    confirmed: Sequence[RuleId]
    begun: Mapping[RuleId, datetime]  # the trials of these rules


def left_in_force(connection: Connection, wanted: Configuration) -> Left | None:
    """What the database says was in force, before `wanted` is; None if that is nothing else."""
    last = sync.last_good(connection)
    confirmed = versions.confirmed(connection)
    if last is None or (last[0] == wanted.files and not confirmed):
        return None
    at_work = versions.at_work(connection)
    return Left(last[0], at_work, at_work.waiting, confirmed, trials.begun(connection))


@dataclass(frozen=True, slots=True)
class Taken:
    """What an edit comes to: the next configuration and watch, and what is said about it."""

    found: Configuration
    watch: Watch
    rules: Changes
    packed: Mapping[RuleId, bytes]  # definitions of the rules that changed
    trial: Trial
    remarks: Sequence[str]  # about all but the rules

    @property
    def names(self) -> list[str]:
        """What tells this edit from others, alike in all processes that take it up."""
        rules = (*self.rules.live, *self.rules.altered, *self.rules.off)
        renamed = (f"{old} {rule.id}" for old, rule in self.rules.renamed)
        named = (f"{rule.id} {rule.version}" for rule in rules)
        return [*named, *renamed, *self.rules.gone, *self.remarks]


@dataclass(slots=True)
class Reload:
    """One process's eye on its configuration directory. `look` is for one thread at a time.

    `build` makes the watch of a configuration, `commit` brings the tables in line with it and says
    since when it has been in force, `put` lets the steps use both. `started_with` are settings that
    do not all change before the next start; nor do the secrets that are `outweighed`. `left`: what
    the start has put something else in the place of, which the first look tells.
    """

    edits: Edits
    present: Configuration
    load: Load
    watch: Callable[[], Watch]
    build: Callable[[Configuration], Watch]
    commit: Callable[[Connection, Configuration, Mapping[RuleId, bytes]], datetime]
    put: Callable[[Configuration, Watch], None]
    started_with: Settings
    outweighed: Callable[[], Mapping[str, str]] = dict
    left: Left | None = None
    _written: Written | None = None  # as it stands on disk
    _wrong: Sequence[Problem] | None = None  # what was wrong with it at the last look
    _logged: Sequence[Problem] = ()
    _orphans_until: float = 0.0  # of the machine's own clock
    _first: bool = True
    _outweighed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._outweighed = self.outweighed()
        self._logged = _wrong(self.present)  # by whoever started the watch

    def look(self) -> None:
        """Take up what was changed since the last look, or what somebody has confirmed."""
        written = self.edits.look()
        try:
            if written is not None:
                self._written = written
                self._take_up(written)
            elif self._written is not None and self._confirmed():
                self._take_up(self._written)
            self._reroute()
        except Temporary as error:
            log.warning("configuration.postponed", failure=str(error))
            self.edits.again()

    def _confirmed(self) -> bool:
        """Whether `monitor rules accept` was called for rules that vanished."""
        waiting = _waiting(self.present)
        if not waiting:
            return False
        with self.watch().database.read() as connection:
            return bool(waiting & versions.retired(connection))

    def _take_up(self, written: Written) -> None:
        if self._first and self._as_started(written):
            self._first = False
            self._tell_wrong(())
            return
        now = self.watch().now()
        try:
            found = comes_into_force(written, self._before(), load=self.load, now=now)
        except ConfigurationError as error:  # not even what is in force would load: it stays
            self._tell_wrong(error.problems)
            return
        self._put(self._taken(found))
        self._tell_wrong(_wrong(found))

    def _as_started(self, written: Written) -> bool:
        """Whether all that stands on disk came into force at the start, and nothing else did."""
        present = self.present
        told = present.mistakes or present.held or present.kept or self.left
        return not told and not written.problems and written.files == present.files

    def _before(self) -> Before:
        with self.watch().database.read() as connection:
            retired = versions.retired(connection)
        at_work = {rule.id: rule for rule in self.present.rules if rule.enabled}
        known = {name: rule for name, rule in at_work.items() if name not in retired}
        return Before(self.present.files, known, _waiting(self.present))

    def _taken(self, found: Configuration) -> Taken:
        before = self._told_last()
        changed = changes.changes(before.rules, found.rules)
        if self.left is not None:
            present = {rule.id for rule in found.rules}
            confirmed = [name for name in self.left.confirmed if name not in present]
            changed = replace(changed, gone=(*changed.gone, *confirmed))
        return Taken(
            found=found,
            watch=self.build(found),
            rules=changed,
            packed={rule.id: versions.pack(rule) for rule in (*changed.live, *changed.altered)},
            trial=_tried(self.watch(), changed.live),
            remarks=[*self._remarks(before, found)],
        )

    def _told_last(self) -> Configuration:
        """What was in force when it was last told: at the first look, before the start."""
        if self.left is None:
            return self.present
        try:
            found = self.load(self.left.files)
        except ConfigurationError:  # a secret is gone: of the rules the database knows enough
            found = replace(self.present, rules=())
        rules = {rule.id: rule for rule in found.rules}
        for name in self.left.rules:
            if name not in rules and (rule := self.left.rules.get(name)) is not None:
                rules[name] = rule
        return replace(found, rules=tuple(rules.values()))

    def _remarks(self, before: Configuration, found: Configuration) -> Iterator[str]:
        for what, old, new in (
            ("feed", _named(before.feeds, "url"), _named(found.feeds, "url")),
            ("outlet", _named(before.outlets, "id"), _named(found.outlets, "id")),
            ("channel", _named(before.channels, "name"), _named(found.channels, "name")),
        ):
            yield from changes.difference(what, old, new)
        yield from edited(before.settings, found.settings, started_with=self.started_with)
        yield from changes.secrets(self._outweighed, self.outweighed())

    def _put(self, taken: Taken) -> None:
        lines = self.watch().database.write(partial(self._store, taken))
        fewer = {each.name for each in self.present.channels}
        fewer -= {each.name for each in taken.found.channels}
        if fewer:
            self._orphans_until = time.monotonic() + ORPHANS_LOOKED_FOR
        self.put(taken.found, taken.watch)
        self.present, self.left, self._first = taken.found, None, False
        self._outweighed = self.outweighed()
        for line in lines:
            log.info("configuration.changed", change=line, said=line)

    def _store(self, taken: Taken, tx: Connection) -> list[str]:
        """Commit what comes into force together with the messages about it; their lines."""
        lock_configuration(tx)
        now = self.watch().now()
        begun = trials.begun(tx) if self.left is None else self.left.begun
        since = self.commit(tx, taken.found, taken.packed)
        numbers = versions.numbers(tx, [*taken.rules.live, *taken.rules.altered])
        tried = _trials(tx, taken, begun, now=now)
        lines = [*changes.sentences(taken.rules, numbers, taken.trial, tried), *taken.remarks]
        if back := self._back(taken.found):
            lines.append(changes.back_sentence(back))
        tell = partial(deliveries.notify, tx, taken.watch.ops, now=now)
        if lines:
            title = changes.title(taken.rules, numbers, tried)
            tell(key=_key(title, [*taken.names, *back], since), title=title, body="\n".join(lines))
        if names := self._newly_vanished(taken.found):
            lines.append(changes.kept_sentence(names))
            tell(key=_key(VANISHED, names, since), title=VANISHED, body=lines[-1])
        return lines

    def _back(self, found: Configuration) -> list[RuleId]:
        """The rules that had vanished, and stand in the files again."""
        written = {rule.id for rule in found.rules if rule.id not in found.kept}
        return sorted(self._waited() & written)

    def _newly_vanished(self, found: Configuration) -> list[RuleId]:
        waiting = _waiting(found)
        return sorted(waiting) if waiting - self._waited() else []

    def _waited(self) -> frozenset[RuleId]:
        """The rules that had vanished before this edit, or before the start."""
        return self.left.waiting if self.left is not None else _waiting(self.present)

    def _tell_wrong(self, wrong: Sequence[Problem]) -> None:
        """Tell what is newly wrong, what is mended, and when all is in force."""
        watch, before = self.watch(), self._wrong
        if wrong != before:
            watch.database.write(partial(self._store_wrong, watch, wrong))
        new = frozenset(mistakes.fresh(map(str, self._logged), map(str, wrong)))
        for each in wrong:
            if str(each) in new:
                place, words = str(each.place), each.message
                log.warning("configuration.wrong", place=place, failure=words, said=str(each))
        if before and not wrong:
            log.info("configuration.mended", said="all that stands in the files is in force")
        self._wrong = self._logged = wrong

    def _store_wrong(self, watch: Watch, wrong: Sequence[Problem], tx: Connection) -> None:
        if self._wrong is None:  # told before this start, or by another process
            notices = deliveries.notices(tx, titles=mistakes.TITLES, back_to=mistakes.CLEAR)
            before = mistakes.still_open(notices)
        else:
            before = [*map(_printable, self._wrong)]
        if (found := mistakes.notice(before, [*map(_printable, wrong)])) is None:
            return
        title, body = found
        last = deliveries.last_notice(tx, titles=mistakes.TITLES)
        if last is not None and (last.title, last.body) == found:
            return  # another process has told it
        key = _key(title, body, last and last.id)
        deliveries.notify(tx, watch.ops, key=key, title=title, body=body, now=watch.now())

    def _reroute(self) -> None:
        if time.monotonic() < self._orphans_until:
            watch = self.watch()
            channels = [*watch.channels.values()]
            watch.database.write(lambda tx: reroute(tx, channels, now=watch.now()), announce=False)


def _trials(
    tx: Connection, taken: Taken, begun: Mapping[RuleId, datetime], *, now: datetime
) -> Trials:
    """The trials under way, and those that this edit ends; `begun` is what was before it."""
    ends = trials.ends(tx, [rule for rule in taken.found.rules if rule.enabled]).items()
    cut: dict[RuleId, CutShort] = {}
    over: list[RuleId] = []
    for old, name in taken.rules.untried:
        since = begun.get(old.id)
        end = old.trial_ends(since)
        if since is None or end is None:
            continue
        if end <= now:
            over.append(name)
            continue
        untold = trials.untold(tx, old.id, since=since, until=now)
        cut[name] = CutShort(trials.matches(tx, old.id, since=since, until=now), len(untold))
    return Trials({name: end for name, end in ends if end > now}, cut, over)


def _named(things: Sequence[object], key: str) -> dict[str, object]:
    return {getattr(each, key): each for each in things}


def _key(*parts: object) -> str:
    return digest("edit", *map(str, parts))


def _waiting(configuration: Configuration) -> frozenset[RuleId]:
    kept = configuration.kept.items()
    return frozenset(name for name, why in kept if why is Kept.VANISHED)


def _wrong(found: Configuration) -> Sequence[Problem]:
    """What of the files on disk is not in force, and why: every mistake, with its place."""
    held = [each for name, each in found.held.items() if name not in found.switched_off]
    return (*found.mistakes, *sorted(problem for problems in held for problem in problems))


def _printable(problem: Problem) -> str:
    """A mistake as the database takes it: the name of a file may be no UTF-8."""
    return str(problem).encode("utf-8", "backslashreplace").decode()


def _tried(watch: Watch, rules: Sequence[Rule]) -> Trial:
    """What rules match of the latest articles, as many as time allows."""
    if not rules:
        return Trial({})
    matcher, counted = Matcher(rules, watch.knowledge), Counter[RuleId]()
    ends, articles, oldest = time.monotonic() + TRIED_FOR, 0, watch.now()
    with watch.database.read() as connection:
        for seen_at, document in views.newest(connection, limit=TRIED_ARTICLES):
            counted.update(match.rule for match in matcher.match(document))
            articles, oldest = articles + 1, seen_at
            if time.monotonic() > ends:
                break
    return Trial(counted, articles, max(1, ceil((watch.now() - oldest) / AN_HOUR)))
