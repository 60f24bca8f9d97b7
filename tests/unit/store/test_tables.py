from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from korproxy.store.connection import Connection
from korproxy.store.tables import TABLES, Request, peewee


def test_the_steps_make_the_tables_that_the_models_describe(connection: Connection) -> None:
    found = {each: columns(connection, each._meta.table_name) for each in TABLES}
    wanted = {each: described(each) for each in TABLES}
    assert list(found.pop(Request)) == list(wanted.pop(Request))  # a view, of which no database says what may be NULL
    assert found == wanted


def columns(connection: Connection, table: str) -> Mapping[str, bool]:
    """Return the names of the columns, and whether they may be NULL."""
    if connection.kind == "sqlite":
        found = connection.execute(f"SELECT name, \"notnull\" = 0 AND pk = 0 FROM pragma_table_info('{table}')")
    else:
        found = connection.execute(
            "SELECT column_name, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ?",
            (table,),
        )
    return {name: bool(nullable) for name, nullable in found}


def described(model: type[peewee.Model]) -> Mapping[str, bool]:
    return {each.column_name: each.null for each in model._meta.sorted_fields}


def test_no_driver_is_loaded_for_tables_that_are_only_described() -> None:
    drivers = ("psycopg", "psycopg2", "pymysql", "MySQLdb")
    text = f"import sys, korproxy.store.tables; print([each for each in {drivers} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"


def test_a_driver_can_be_had_after_it_was_hidden() -> None:
    text = "import korproxy.store.tables, importlib.util; print(importlib.util.find_spec('sqlite3') is not None)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "True\n"
