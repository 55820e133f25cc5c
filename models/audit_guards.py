"""Makes the databases themselves refuse a change of the audit: triggers, on PostgreSQL also rights that are taken away.

An owner of the tables can drop a trigger; what they change then is found by ``countersign verify-audit``.
"""

import sqlalchemy as sa

from models.audit_chain import HEAD, Chain, digest_of, facts_sql

CHUNK = 1000


def chain_existing(connection: sa.Connection, chain: Chain) -> None:
    """Chain the events written before there was a chain, in the order of their ids, and write the head.

    They get new ids without gaps: a rolled-back transaction may have used up some of PostgreSQL's.
    """
    sql = sa.text(f"{facts_sql(chain, connection.dialect.name)} WHERE id > :last ORDER BY id LIMIT {CHUNK}")
    update = sa.text(
        f"UPDATE {chain.events} SET id = :id, previous_digest = :previous, digest = :digest WHERE id = :old"
    )
    last_old, last_id, last_digest = 0, 0, ""
    while rows := connection.execute(sql, {"last": last_old}).all():
        changes = []
        for row in rows:
            last_old, last_id = row[0], last_id + 1
            digest = digest_of(chain, last_digest, [last_id, *row[1:-2]])
            changes.append({"id": last_id, "previous": last_digest, "digest": digest, "old": last_old})
            last_digest = digest
        connection.execute(update, changes)
    connection.execute(sa.delete(chain.head_table))
    connection.execute(sa.insert(chain.head_table).values(name=HEAD, last_id=last_id, last_digest=last_digest))


def guard(connection: sa.Connection, chain: Chain) -> None:
    """Forbid every change of an event that was written, and of the head every step but forward."""
    statements = _sqlite(chain) if connection.dialect.name == "sqlite" else _postgresql(chain)
    for statement in statements:
        connection.exec_driver_sql(statement)


def guards_of(chain: Chain) -> set[str]:
    """The names of the triggers that a guarded chain has, on both kinds of database."""
    return {
        *(f"{chain.events}_{what}" for what in ("no_update", "no_delete", "no_replace")),
        *(f"{chain.head}_{what}" for what in ("only_forward", "no_delete", "no_replace")),
    }


def missing_guards(connection: sa.Connection, chain: Chain) -> list[str]:
    """The triggers that somebody has dropped or switched off."""
    if connection.dialect.name == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    there = set(connection.exec_driver_sql(sql).scalars())
    return sorted(guards_of(chain) - there)


def _sqlite(chain: Chain) -> list[str]:
    """INSERT OR REPLACE deletes without firing a DELETE trigger, so it is refused on its own."""

    def refuse(name: str, when: str, table: str, condition: str = "") -> str:
        only = f"WHEN {condition} " if condition else ""
        return (
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} {only}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

    events, head = chain.events, chain.head
    return [
        refuse(f"{events}_no_update", "UPDATE", events),
        refuse(f"{events}_no_delete", "DELETE", events),
        refuse(f"{events}_no_replace", "INSERT", events, f"EXISTS (SELECT 1 FROM {events} WHERE id = NEW.id)"),
        refuse(f"{head}_only_forward", "UPDATE", head, "NEW.last_id <= OLD.last_id OR NEW.name <> OLD.name"),
        refuse(f"{head}_no_delete", "DELETE", head),
        refuse(f"{head}_no_replace", "INSERT", head, f"EXISTS (SELECT 1 FROM {head} WHERE name = NEW.name)"),
    ]


def _postgresql(chain: Chain) -> list[str]:
    """An upsert fires the UPDATE trigger here; the third name of each table forbids TRUNCATE."""
    events, head = chain.events, chain.head
    function = f"{events}_append_only"
    refuse = f"EXECUTE FUNCTION {function}()"
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
        f"CREATE TRIGGER {events}_no_update BEFORE UPDATE ON {events} {refuse}",
        f"CREATE TRIGGER {events}_no_delete BEFORE DELETE ON {events} {refuse}",
        f"CREATE TRIGGER {events}_no_replace BEFORE TRUNCATE ON {events} {refuse}",
        f"CREATE TRIGGER {head}_only_forward BEFORE UPDATE ON {head} FOR EACH ROW "
        f"WHEN (NEW.last_id <= OLD.last_id OR NEW.name <> OLD.name) {refuse}",
        f"CREATE TRIGGER {head}_no_delete BEFORE DELETE ON {head} {refuse}",
        f"CREATE TRIGGER {head}_no_replace BEFORE TRUNCATE ON {head} {refuse}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {events} FROM PUBLIC, CURRENT_USER",
        f"REVOKE DELETE, TRUNCATE ON {head} FROM PUBLIC, CURRENT_USER",
    ]


def append_only(connection: sa.Connection, table: str) -> None:
    """Forbid every change of a row of this table that was written; it is no chain, its rows only stay as they are."""
    if connection.dialect.name == "sqlite":
        for name, when in (("no_update", "UPDATE"), ("no_delete", "DELETE")):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    function = f"{table}_append_only"
    connection.exec_driver_sql(
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION {function}()"
    )


def rights_of_app_role(chain: Chain, role: str) -> list[str]:
    """What a PostgreSQL role that does not own the tables needs to run Countersign on this database, and no more.

    It may add events and move the head, and change neither what was written nor a trigger. ``role`` is a plain name.
    """
    return [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE ON {chain.events} FROM {role}",
        f"REVOKE INSERT, DELETE ON {chain.head} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    ]
