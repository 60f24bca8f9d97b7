from __future__ import annotations

import pytest

from korproxy.net import errors


@pytest.mark.parametrize("error", [errors.ProxyRefused, errors.UnreachedInTime])
def test_whoever_was_not_reached_got_nothing_however_that_came(error: type[Exception]) -> None:
    assert issubclass(error, errors.Unreached)


@pytest.mark.parametrize("error", [errors.BadAddress, errors.BadFields, errors.Unreached, errors.Broken, errors.NotHttp])
def test_all_that_can_go_wrong_can_be_caught_at_once(error: type[Exception]) -> None:
    assert issubclass(error, errors.NetError)
