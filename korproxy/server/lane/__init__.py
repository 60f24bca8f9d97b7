"""The lane: requests of plain shape, answered on the connection's own task without ASGI. All else goes to Hypercorn, unread."""
