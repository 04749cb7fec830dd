"""`defaults:` at the top of a rule file: what its rules take that do not say it themselves."""

from monitor.config.problems import Problems, shown
from monitor.config.source import Map, Node

KEYS = ("severity", "alert", "notify", "enabled", "expires", "trial")
OF_ONE_RULE = ("id", "title", "when", "examples")
JOINED = ("alert", "notify")  # of these a rule's own keys win one by one


def sensible(defaults: Node, problems: Problems) -> Node:
    """`defaults` without the keys that only a rule can have, which are told."""
    if not isinstance(defaults, Map):
        return defaults
    kept = []
    for key, value in defaults.entries:
        if key.text in OF_ONE_RULE:
            problems.add(
                key.place,
                f"{shown(key.text)} is every rule's own, so it cannot stand in defaults. "
                f"Allowed in defaults: {', '.join(KEYS)}",
            )
        else:
            kept.append((key, value))
    return Map(defaults.place, tuple(kept))


def value_of(defaults: Node, name: str) -> Node | None:
    """What `defaults` say of a key."""
    entries = defaults.entries if isinstance(defaults, Map) else ()
    return next((value for key, value in entries if key.text == name), None)


def completed(rule: Node, defaults: Node | None) -> Node:
    """A rule and what it takes from `defaults`, as if it stood there; unknown keys are left."""
    if not isinstance(rule, Map) or not isinstance(defaults, Map):
        return rule
    given = {key.text: (key, value) for key, value in defaults.entries if key.text in KEYS}
    own = [
        (key, _joined(value, given[key.text][1]))
        if key.text in given and key.text in JOINED
        else (key, value)
        for key, value in rule.entries
    ]
    names = {key.text for key, _ in own}
    taken = [entry for name, entry in given.items() if name not in names]
    return Map(rule.place, (*own, *taken))


def overruled(key: str, by: str, rule: Node, defaults: Node | None) -> bool:
    """Whether a completed rule has `key` from the defaults and says `by` itself."""
    if not isinstance(rule, Map) or not isinstance(defaults, Map):
        return False
    given = {name.text: value for name, value in defaults.entries}
    own = {name.text: value for name, value in rule.entries}
    return own.get(key) is given.get(key) and own.get(by) is not given.get(by)


def _joined(own: Node, given: Node) -> Node:
    if not isinstance(own, Map) or not isinstance(given, Map):
        return own
    names = {key.text for key, _ in own.entries}
    rest = [(key, value) for key, value in given.entries if key.text not in names]
    return Map(own.place, (*own.entries, *rest))
