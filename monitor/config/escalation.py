"""`escalate:` of a rule or a channel: who is called when nobody acknowledges a message."""

from collections.abc import Callable
from datetime import timedelta

from monitor.config import values
from monitor.config.fields import Fields, read_items, read_text
from monitor.config.problems import Problems, shown
from monitor.config.source import Broken, Items, Node
from monitor.core.model import ChannelName, Step

KEYS = ("after", "to", "unless")
LONGEST = timedelta(days=1)  # what nobody has looked at for longer, nobody calls for
MOST_STEPS = 10


def read(node: Node | None, channel: Callable[[str], str], problems: Problems) -> tuple[Step, ...]:
    """The steps of one mapping or of a list of them; `channel` reads the name of a channel."""
    if node is None or isinstance(node, Broken):
        return ()
    items = read_items(node, problems, what="steps") if isinstance(node, Items) else (node,)
    if len(items) > MOST_STEPS:
        problems.add(node.place, f"found {len(items)} steps; allowed: up to {MOST_STEPS}")
    return tuple(step for item in items for step in _step(item, channel, problems))


def _step(node: Node, channel: Callable[[str], str], problems: Problems) -> list[Step]:
    fields = Fields(node, problems, what="escalate", allowed=KEYS)
    after = fields.required("after", _after)
    fields.optional("unless", values.one_of("value of unless", ["acknowledged"]), None)
    if "to" not in fields and not fields.broken:
        problems.add(fields.place, 'escalate needs the key "to"')
    names = [
        read_text(item, channel, problems) for item in fields.items("to", what="channel names")
    ]
    known = tuple(dict.fromkeys(ChannelName(name) for name in names if name))
    return [Step(after, known)] if after is not None and known else []


def _after(written: str) -> timedelta:
    span = values.duration(written)
    if span > LONGEST:
        raise ValueError(f"found {shown(written)}; allowed: up to 1 day")
    return span
