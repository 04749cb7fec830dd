"""The names that conditions may use, gathered from all files before a rule is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.config.lists import Lists
from monitor.core.model import Outlet


@dataclass(frozen=True, slots=True)
class Names:
    """The names a rule may use. `…_complete` is False if a file that may hold more is unreadable.

    `knowledge_version` counts for the versions of rules that ask for events.
    """

    lists: Lists
    outlets: Mapping[str, Outlet] = field(default_factory=dict)
    outlet_names: frozenset[str] = frozenset()
    outlets_complete: bool = True
    event_types: frozenset[str] = frozenset()
    event_families: frozenset[str] = frozenset()
    actor_ids: frozenset[str] = frozenset()
    knowledge_complete: bool = True
    knowledge_version: str = ""
