"""Alembic's entry: the connection comes from monitor.storage.migrate, never from a file."""

from alembic import context

from monitor.storage.schema import metadata


def include(_object, name, kind, _reflected, _compare_to):
    """Leave the search index's own tables and columns out of comparisons."""
    return not (name or "").startswith("article_search") and (kind, name) != ("column", "search")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=include,
    transaction_per_migration=False,
)
context.run_migrations()
