"""Several newsrooms on hosts of their own, and what the tables say of them."""

from dataclasses import dataclass

from sqlalchemy import select

from monitor.storage.schema import feed, host

STEADY = "poll: {interval: 5 minutes, shortest: 5 minutes, longest: 5 minutes}\n"


@dataclass
class Press:
    """Newsrooms, each a host of its own, and the configuration that watches them."""

    rooms: list
    doors: list

    def files(self, *, poll=STEADY, feeds="a", extra="", tier="national"):
        allowed = ", ".join(f'"{room.address}"' for room in self.rooms)
        outlets = "".join(
            f"  - {{id: paper-{number}, name: Paper {number}, country: GB, language: en, "
            f"tier: {tier}, feeds: ["
            + ", ".join(f'{{url: "{address_of(room, name)}"{extra}}}' for name in feeds)
            + "]}\n"
            for number, room in enumerate(self.rooms)
        )
        return {
            "monitor": f"version: 1\nstate: var\n{poll}fetch: {{allow: [{allowed}]}}\n",
            "outlets__papers": f"version: 1\noutlets:\n{outlets}",
        }

    def shut(self):
        for door in self.doors:
            door.shut()

    def open(self):
        for door in self.doors:
            door.open()


def address_of(room, name="a"):
    return f"http://{room.address}/feed/{name}"


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table)).all()


def feed_of(desk, room, name="a"):
    (found,) = [row for row in rows(desk, feed) if row.url == address_of(room, name)]
    return found


def host_of(desk, room):
    (found,) = [row for row in rows(desk, host) if row.name == room.address]
    return found
