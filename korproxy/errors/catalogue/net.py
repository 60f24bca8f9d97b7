"""Codes of the category NET."""

from korproxy.errors.codes import ErrorCode

NET: tuple[ErrorCode, ...] = ()
