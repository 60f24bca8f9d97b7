"""Codes of the category AUTH."""

from korproxy.errors.codes import ErrorCode

AUTH: tuple[ErrorCode, ...] = ()
