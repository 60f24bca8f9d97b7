"""Sockets without detours: non-blocking ones that a task waits on at the least cost Trio allows. Knows no HTTP."""
