"""Codes of the category RATE."""

from korproxy.errors.codes import ErrorCode

RATE: tuple[ErrorCode, ...] = ()
