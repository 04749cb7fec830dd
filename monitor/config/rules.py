"""rules/*.yaml: watch rules. docs/rules.md is the language."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta, tzinfo

from monitor.config import alerting, calendars, defaults, escalation, values
from monitor.config.alerting import Alerting
from monitor.config.conditions import KEYS as CONDITION_KEYS
from monitor.config.conditions import Conditions
from monitor.config.fields import Fields, describe
from monitor.config.names import Names
from monitor.config.problems import Problems, shown
from monitor.config.severities import Severities
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.config.unchanged import Read
from monitor.config.versions import rule_version
from monitor.config.volumes import Volumes
from monitor.core.errors import Place
from monitor.core.hours import RuleHours
from monitor.core.model import ChannelName, Document, Outlet, RuleId, Severity, Step
from monitor.core.rules import (
    Case,
    Condition,
    Example,
    Rule,
    Volume,
)

FILE_KEYS = ("version", "defaults", "lists", "rules")
KEYS = (
    "id", "title", "severity", "when", "alert", "enabled", "expires", "trial", "notify", "examples",
)  # fmt: skip
_CONDITIONS = (*CONDITION_KEYS, "volume")
_ELSEWHERE = {
    "cases": "is no key: severity takes the list of cases itself",
    "defaults": "stands at the top of a file, beside rules",
}
NOTIFY_KEYS = ("channels", "quiet_hours", "escalate")
_NOT_COUNTED = {  # what a rule that counts cannot have, and why
    ("alert", key): f"tells every spike and every silence once; take {key} out"
    for key in alerting.OF_INCIDENTS
} | {
    ("notify", "escalate"): "is not escalated: a spike or a silence has no code to acknowledge it "
    "by; take escalate out",
    ("notify", "quiet_hours"): "keeps the quiet hours of its channels; take quiet_hours out",
}
EXAMPLE_KEYS = ("title", "summary", "text", "language", "outlet", "published")


@dataclass(frozen=True, slots=True)
class _Notify:
    """Whom to tell, when, and whom to call if nobody acknowledges it."""

    channels: tuple[ChannelName, ...] = ()
    escalation: tuple[Step, ...] = ()
    quiet: tuple[RuleHours, ...] = ()


@dataclass(frozen=True, slots=True)
class _Settings:
    """What a rule says beside its condition, and may take from the defaults of its file."""

    severity: Severity
    cases: tuple[Case, ...]
    alert: Alerting
    notify: _Notify
    enabled: bool
    expires: date | None
    trial: timedelta | None


class RuleReader:
    """Reads rule files; `rules` grows with each."""

    def __init__(
        self,
        names: Names,
        channels: Collection[str],
        problems: Problems,
        *,
        zone: tzinfo = UTC,
    ) -> None:
        """`zone` counts for hours that name none."""
        self.rules: list[Rule] = []
        self.attempted = False  # a broken one counts, so that "no rule" is not said beside it
        self._outlets: Mapping[str, Outlet] = names.outlets
        self._conditions = Conditions(names, problems)
        self._volumes = Volumes(self._conditions, problems)
        self._severities = Severities(self._conditions, problems)
        self._outlet = values.one_of("outlet", sorted(names.outlet_names))
        self._knowledge_version = names.knowledge_version
        self._outlets_complete = names.outlets_complete
        self._channel = values.one_of("channel", sorted(channels)) if channels else None
        self._problems = problems
        self._zone = zone
        self.ids: dict[str, Place] = {}
        self._given_severity: Node | None = None  # by the defaults of the file being read

    def read_file(self, tree: Node) -> None:
        """Adds the rules of one file; its lists are read before."""
        top = Fields(tree, self._problems, what="a rule file", allowed=FILE_KEYS)
        top.optional("version", values.version, 1)
        self.attempted = self.attempted or top.broken or "rules" in top
        given = self._defaults(top.node("defaults"))
        for node in top.items("rules", what="rules"):
            rule = self._rule(_placed(node, self._problems), given)
            if rule:
                self.rules.append(rule)

    def take(self, read: Read) -> None:
        """Adds the rules of a file that means what it meant when it was read."""
        self.attempted = True
        for identifier, place in read.ids.items():
            self._tell_twice(identifier, place)
        self.rules += read.rules

    def _rule(self, own: Node, given: Node | None) -> Rule | None:
        node = defaults.completed(own, given)
        fields = Fields(node, self._problems, what="a rule", allowed=KEYS)
        identifier = fields.required("id", values.identifier)
        if identifier:
            self._tell_twice(identifier, (fields.node("id") or node).place)
        title = fields.optional("title", values.text, identifier or "")
        examples = self._examples(fields.node("examples"))
        condition, volume = self._when(fields)
        told = self._settings(fields, condition)
        if (
            told.trial
            and not told.enabled
            and not defaults.overruled("trial", "enabled", node, given)
        ):
            self._tell_idle_trial(fields)
        if volume is not None:
            self._refuse_for_articles(own)
            told = replace(
                told,
                cases=(),
                alert=Alerting(weak=told.alert.weak),
                trial=None,
                notify=_Notify(told.notify.channels),
            )
        if identifier is None or condition is None:
            return None
        return Rule(
            id=RuleId(identifier),
            title=title,
            condition=condition,
            version=rule_version(
                condition,
                told.severity,
                told.alert,
                cases=told.cases,
                volume=volume,
                knowledge=self._knowledge_version,
            ),
            place=node.place,
            severity=told.severity,
            cases=told.cases,
            once_per=told.alert.once_per,
            weak=told.alert.weak,
            window=told.alert.window,
            updates=told.alert.updates,
            outlets=told.alert.outlets,
            sources=told.alert.sources,
            digest=told.alert.digest,
            channels=told.notify.channels,
            escalation=told.notify.escalation,
            quiet=told.notify.quiet,
            enabled=told.enabled,
            expires=told.expires,
            trial=told.trial,
            examples=examples,
            volume=volume,
        )

    def _refuse_for_articles(self, own: Node) -> None:
        """Tell what a volume rule says itself and only a rule that tells articles could mean."""
        for key, value in own.entries if isinstance(own, Map) else ():
            if key.text == "severity" and isinstance(value, Items):
                self._problems.add(
                    value.place,
                    "a rule with volume has one severity: cases ask articles, and it tells none",
                )
            if key.text == "trial":
                self._problems.add(
                    key.place,
                    "a rule with volume has no trial: `monitor rules backtest` says what it would "
                    "have told",
                )
            for name, _ in value.entries if isinstance(value, Map) else ():
                if said := _NOT_COUNTED.get((key.text, name.text)):
                    self._problems.add(name.place, f"a rule with volume {said}")

    def _defaults(self, node: Node | None) -> Node | None:
        """The defaults of a file, whose mistakes are told even if no rule takes them."""
        self._given_severity = None
        if node is None:
            return None
        given = defaults.sensible(node, self._problems)
        self._given_severity = defaults.value_of(given, "severity")
        fields = Fields(given, self._problems, what="defaults", allowed=defaults.KEYS)
        told = self._settings(fields, None)
        if told.trial and not told.enabled:
            self._tell_idle_trial(fields)
        return given

    def _settings(self, fields: Fields, condition: Condition | None) -> _Settings:
        node = fields.node("severity")
        # Cases of the defaults are for many rules: one that never decides for some is no mistake.
        own = condition if node is not self._given_severity else None
        severity, cases = self._severities.read(node, own)
        return _Settings(
            severity=severity,
            cases=cases,
            alert=alerting.read(fields.node("alert"), self._problems),
            notify=self._notify(fields.node("notify")),
            enabled=fields.optional("enabled", values.boolean, True),  # noqa: FBT003 - a value
            expires=fields.optional("expires", values.day, None),
            trial=fields.optional("trial", values.trial, None),
        )

    def _tell_idle_trial(self, fields: Fields) -> None:
        node = fields.node("trial")
        self._problems.add(
            fields.place if node is None else node.place,
            '"trial" lets a rule match and tell nobody, "enabled: false" keeps it from matching; '
            "drop one of them",
        )

    def _when(self, fields: Fields) -> tuple[Condition | None, Volume | None]:
        """What is watched for, and how it is counted where the rule counts."""
        node = fields.node("when")
        keys = node.entries if isinstance(node, Map) else ()
        volume = next((value for key, value in keys if key.text == "volume"), None)
        if volume is not None:
            beside = [key for key, _ in keys if key.text != "volume"]
            for key in beside:
                self._problems.add(
                    key.place, f"volume stands alone under when: put {shown(key.text)} into its of:"
                )
            return self._volumes.read(volume) or (None, None)
        if node is not None:
            return self._conditions.read(node), None
        if not fields.broken:
            self._problems.add(fields.place, 'a rule needs the key "when": what to watch for')
        return None, None

    def _tell_twice(self, identifier: str, place: Place) -> None:
        if identifier in self.ids:
            self._problems.add(
                place,
                f"the rule {shown(identifier)} is already defined at {self.ids[identifier]}; give "
                "one of them another id",
            )
        self.ids.setdefault(identifier, place)

    def _notify(self, node: Node | None) -> _Notify:
        if node is None:
            return _Notify()
        fields = Fields(node, self._problems, what="notify", allowed=NOTIFY_KEYS)
        names: list[ChannelName] = []
        for item in fields.items("channels", what="channel names"):
            if isinstance(item, Scalar):
                names += self._named_channel(item)
            elif not isinstance(item, Broken):
                message = f"the name of a channel is expected here; found {describe(item)}"
                self._problems.add(item.place, message)
        known = self._channel or values.identifier
        return _Notify(
            channels=tuple(dict.fromkeys(names)),
            escalation=escalation.read(fields.node("escalate"), known, self._problems),
            quiet=calendars.of_rule(fields.node("quiet_hours"), self._problems, zone=self._zone),
        )

    def _named_channel(self, item: Scalar) -> list[ChannelName]:
        try:
            return [ChannelName(self._channel(item.text))] if self._channel else []
        except ValueError as error:
            self._problems.add(item.place, str(error))
            return []

    def _examples(self, node: Node | None) -> tuple[Example, ...]:
        if node is None:
            return ()
        fields = Fields(node, self._problems, what="examples", allowed=("match", "silent"))
        found = [
            self._example(item, matches=key == "match")
            for key in ("match", "silent")
            for item in fields.items(key, what="example texts")
        ]
        return tuple(example for example in found if example)

    def _example(self, node: Node, *, matches: bool) -> Example | None:
        if isinstance(node, Scalar) and node.text.strip():
            return Example(Document(node.text), matches, node.place)
        if isinstance(node, Map) and len(node.entries) == 1 and " " in node.entries[0][0].text:
            self._problems.add(
                node.place, "a headline with a colon needs straight quotes around it"
            )
            return None
        if isinstance(node, Scalar):
            self._problems.add(node.place, "an example text is missing here")
            return None
        fields = Fields(node, self._problems, what="an example", allowed=EXAMPLE_KEYS)
        title = fields.required("title", values.text)
        known = self._outlet if self._outlets_complete else values.identifier
        outlet = fields.optional("outlet", known, None)
        source = self._outlets.get(outlet or "")
        language = fields.optional("language", values.language, source.language if source else None)
        document = Document(
            title=title or "",
            summary=fields.optional("summary", values.text, None),
            text=fields.optional("text", values.text, None),
            language=language,
            outlet=outlet,
            tier=source.tier.value if source else None,
            country=source.country if source else None,
            published=fields.optional("published", values.day, None),
        )
        return Example(document, matches, node.place) if title else None


def _placed(node: Node, problems: Problems) -> Node:
    """A rule without the keys that stand somewhere else, which are told."""
    if not isinstance(node, Map):
        return node
    kept = []
    for key, value in node.entries:
        if key.text in _CONDITIONS:
            problems.add(key.place, f"{shown(key.text)} is a condition: write it under when:")
        elif key.text in _ELSEWHERE:
            problems.add(key.place, f"{shown(key.text)} {_ELSEWHERE[key.text]}")
        else:
            kept.append((key, value))
    return Map(node.place, tuple(kept))
