"""``python -m korproxy_mock``: the mock without KorProxy."""

from korproxy_mock.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
