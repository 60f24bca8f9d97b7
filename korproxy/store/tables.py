"""The tables, as peewee models that hold on SQLite and on PostgreSQL alike. They belong to no database: queries are given one.

Times are seconds since the epoch. What is not known is NULL in the history, and an empty text in ``Series``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(*packages: str) -> Iterator[None]:
    """Have it look as if those of *packages* that nobody has used yet were not installed."""
    hidden = [each for each in packages if each not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python is told so
    try:
        yield
    finally:
        for each in hidden:
            del sys.modules[each]


# Peewee loads each driver that it finds, 12 MB of them. It only writes our SQL, so it needs none.
with _without("pysqlite3", "psycopg2", "psycopg2cffi", "psycopg", "pymysql", "MySQLdb"):
    import peewee
    from peewee import (
        BigAutoField,
        BigIntegerField,
        BlobField,
        BooleanField,
        CompositeKey,
        DoubleField,
        IntegerField,
        Model,
        TextField,
    )

__all__ = ["TABLES", "ApiKey", "Bucket", "Meta", "Request", "Series", "Total", "peewee"]


class Request(Model):
    """One past request; see ``models.outcome.Finished``. A view: much is stored once, as their kind."""

    id = BigAutoField()
    request_id = TextField()
    correlation_id = TextField()
    at = DoubleField()
    key_name = TextField()
    user = TextField(null=True)
    profile = TextField()
    type = TextField()
    dialect = TextField()
    upstream_dialect = TextField(null=True)
    stream = BooleanField()
    provider = TextField(null=True)
    account = TextField(null=True)
    model = TextField()
    upstream_model = TextField(null=True)
    outcome = TextField()
    status = IntegerField(null=True)
    code = TextField(null=True)
    attempts = IntegerField()
    first_byte = DoubleField(null=True)
    seconds = DoubleField()
    tokens_in = BigIntegerField(null=True)
    cache_read = BigIntegerField(null=True)
    cache_write = BigIntegerField(null=True)
    tokens_out = BigIntegerField(null=True)
    reasoning = BigIntegerField(null=True)
    bytes_in = BigIntegerField()
    bytes_out = BigIntegerField()

    class Meta:
        table_name = "history"


class Series(Model):
    """What is counted apart; see ``models.measures.SeriesKey``."""

    id = BigAutoField()
    provider = TextField()
    model = TextField()
    profile = TextField()
    type = TextField()
    outcome = TextField()
    code = TextField()

    class Meta:
        table_name = "series"
        indexes = ((("provider", "model", "profile", "type", "outcome", "code"), True),)


class Counted(Model):
    """The columns of everything that counts; see ``models.measures.Totals``."""

    requests = BigIntegerField()
    attempts = BigIntegerField()
    tokens_in = BigIntegerField()
    cache_read = BigIntegerField()
    cache_write = BigIntegerField()
    tokens_out = BigIntegerField()
    reasoning = BigIntegerField()
    bytes_in = BigIntegerField()
    bytes_out = BigIntegerField()
    seconds = BlobField()
    first_byte = BlobField()


class Bucket(Counted):
    """What one daemon counted of a series in the minute or hour (``span``, in seconds) that began at ``start``."""

    start = BigIntegerField()
    span = IntegerField()
    replica = TextField()
    series = BigIntegerField()

    class Meta:
        table_name = "buckets"
        primary_key = CompositeKey("start", "span", "replica", "series")


class Total(Counted):
    """What one daemon counted of a series since its store is there; it is never purged, for Prometheus' counts only grow."""

    replica = TextField()
    series = BigIntegerField()

    class Meta:
        table_name = "totals"
        primary_key = CompositeKey("replica", "series")


class ApiKey(Model):
    """A key that was created: only its hash."""

    id = BigAutoField()
    name = TextField(unique=True)
    hash = TextField(unique=True)
    scopes = TextField()
    user = TextField(null=True)
    created = DoubleField()
    revoked = DoubleField(null=True)

    class Meta:
        table_name = "keys"


class Meta(Model):
    """Facts about the store itself: which migrations it has seen."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


TABLES: tuple[type[Model], ...] = (Request, Series, Bucket, Total, ApiKey, Meta)
