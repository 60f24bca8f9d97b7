"""The version, as plain text: ``--version`` must not pay for reading package metadata."""

VERSION = "0.1.0"
