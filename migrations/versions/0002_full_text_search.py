"""Full-text search over the articles.

Revision: 0002, after 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Accents are folded as in FTS5's remove_diacritics; `translate` is immutable, unaccent() is not.
ACCENTED = "áàâäãåéèêëíìîïóòôöõúùûüñçý"
PLAIN = "aaaaaaeeeeiiiiooooouuuuncy"
TEXT_LIMIT = 200_000  # characters; a tsvector holds at most 1 MB


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            ALTER TABLE article ADD COLUMN search tsvector GENERATED ALWAYS AS (
                to_tsvector('simple', translate(lower(
                    coalesce(title, '') || ' ' || coalesce(summary, '') || ' ' ||
                    left(coalesce(text, ''), {TEXT_LIMIT})
                ), '{ACCENTED}', '{PLAIN}'))
            ) STORED
        """)
        op.execute("CREATE INDEX ix_article_search ON article USING gin (search)")
        return
    op.execute("""
        CREATE VIRTUAL TABLE article_search USING fts5(
            title, summary, text, content='article', content_rowid='id',
            tokenize='unicode61 remove_diacritics 2'
        )
    """)
    op.execute("""
        CREATE TRIGGER article_search_insert AFTER INSERT ON article BEGIN
            INSERT INTO article_search(rowid, title, summary, text)
            VALUES (new.id, new.title, new.summary, new.text);
        END
    """)
    op.execute("""
        CREATE TRIGGER article_search_delete AFTER DELETE ON article BEGIN
            INSERT INTO article_search(article_search, rowid, title, summary, text)
            VALUES ('delete', old.id, old.title, old.summary, old.text);
        END
    """)
    op.execute("""
        CREATE TRIGGER article_search_update AFTER UPDATE OF title, summary, text ON article BEGIN
            INSERT INTO article_search(article_search, rowid, title, summary, text)
            VALUES ('delete', old.id, old.title, old.summary, old.text);
            INSERT INTO article_search(rowid, title, summary, text)
            VALUES (new.id, new.title, new.summary, new.text);
        END
    """)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_article_search")
        op.execute("ALTER TABLE article DROP COLUMN search")
        return
    for name in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER article_search_{name}")
    op.execute("DROP TABLE article_search")
