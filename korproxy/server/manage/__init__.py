"""The management API and the pages: everything that is not a client API. Quart serves it."""
