"""Codes of the category CONF."""

from korproxy.errors.codes import ErrorCode

CONF: tuple[ErrorCode, ...] = ()
