"""Codes of the category PROV."""

from korproxy.errors.codes import ErrorCode

PROV: tuple[ErrorCode, ...] = ()
