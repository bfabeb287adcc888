"""What a test leaves in a PostgreSQL database is taken out again: a new copy costs ten times as much.

Only a database that is then exactly as it was prepared goes to another test (`state`), and under another name: whoever
is still about to write to the old one finds nobody there.
"""

from typing import Any

import psycopg
from psycopg import sql

State = list[tuple[Any, ...]]

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
_SHAPE = """
SELECT '', concat('column ', attrelid::regclass, '.', attname, ' ', format_type(atttypid, atttypmod), ' ', attnotnull)
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND attnum > 0
UNION ALL SELECT '', concat(relkind, ' ', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT '', concat('constraint ', conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT '', concat('trigger ', tgname) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT '', concat('function ', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT '', concat('schema ', nspname) FROM pg_namespace WHERE nspname !~ '^pg_'
UNION ALL SELECT '', concat('counted ', sequencename) FROM pg_sequences WHERE last_value IS NOT NULL
ORDER BY 2
"""


def state(connection: psycopg.Connection) -> State:
    """The shape of all tables and, each with its table, all rows: the same for two databases that are alike."""
    rows = [
        sql.SQL("SELECT {}, to_jsonb(one)::text FROM {} one").format(name, sql.Identifier(name))
        for (name,) in connection.execute(_TABLES).fetchall()
    ]
    every_row = connection.execute(sql.SQL(" UNION ALL ").join(rows)).fetchall() if rows else []
    return connection.execute(_SHAPE).fetchall() + sorted(every_row)


def take_out_rows(connection: psycopg.Connection, prepared: State) -> None:
    """Take all rows out of the tables that had none, and let every sequence begin anew."""
    filled = {table for table, _ in prepared}
    used = [name for (name,) in connection.execute(_TABLES).fetchall() if name not in filled]
    tables = [sql.Identifier(name) for name in used]
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")  # all go, so no foreign key has a say
        for table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
        for (sequence,) in connection.execute("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"):
            connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(sequence)))
    if tables:
        connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(tables)))  # else the next rows stand behind
