"""``python -m korproxy_conformance``: the same command without KorProxy's own command line."""

from korproxy_conformance.command import conformance

if __name__ == "__main__":
    conformance(prog_name="korproxy_conformance")
