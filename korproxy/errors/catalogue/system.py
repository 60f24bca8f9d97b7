"""Codes of the category SYS."""

from korproxy.errors.codes import ErrorCode

SYS: tuple[ErrorCode, ...] = ()
