"""The tables, as peewee models that hold on SQLite and on PostgreSQL alike. They belong to no database: queries are given one.

Times are seconds since the epoch. What is not known is NULL in the history, and an empty text in ``Series``.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
    IntegerField,
    Model,
    TextField,
)


class Request(Model):
    """One past request; see ``models.outcome.Finished``."""

    id = BigAutoField()
    request_id = CharField()
    correlation_id = CharField()
    at = DoubleField()
    key_name = CharField()
    user = CharField(null=True)
    profile = CharField()
    type = CharField()
    dialect = CharField()
    upstream_dialect = CharField(null=True)
    stream = BooleanField()
    provider = CharField(null=True)
    account = CharField(null=True)
    model = TextField()
    upstream_model = TextField(null=True)
    outcome = CharField()
    status = IntegerField(null=True)
    code = CharField(null=True)
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
        table_name = "requests"


class Series(Model):
    """What is counted apart; see ``models.measures.SeriesKey``."""

    id = AutoField()
    provider = CharField()
    model = TextField()
    profile = CharField()
    type = CharField()
    outcome = CharField()
    code = CharField()

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
    replica = CharField()
    series = IntegerField()

    class Meta:
        table_name = "buckets"
        primary_key = CompositeKey("start", "span", "replica", "series")


class Total(Counted):
    """What one daemon counted of a series since its store is there; it is never purged, for Prometheus' counts only grow."""

    replica = CharField()
    series = IntegerField()

    class Meta:
        table_name = "totals"
        primary_key = CompositeKey("replica", "series")


class ApiKey(Model):
    """A key that was created: only its hash."""

    id = AutoField()
    name = CharField(unique=True)
    hash = CharField(unique=True)
    scopes = CharField()
    user = CharField(null=True)
    created = DoubleField()
    revoked = DoubleField(null=True)

    class Meta:
        table_name = "keys"


class Meta(Model):
    """Facts about the store itself: which migrations it has seen."""

    name = CharField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


TABLES: tuple[type[Model], ...] = (Request, Series, Bucket, Total, ApiKey, Meta)
