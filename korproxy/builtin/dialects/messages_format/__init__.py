"""Anthropic Messages, read and written: requests, answers, streams, errors."""
