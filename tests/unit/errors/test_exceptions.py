from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from korproxy.errors import exceptions
from korproxy.errors.exceptions import (
    AccountRefused,
    BadRequest,
    Busy,
    CallerRefused,
    CannotStart,
    CommandFailed,
    ConfigError,
    InternalError,
    KorproxyError,
    NoProvider,
    PluginBroken,
    Problem,
    ProviderLost,
    ProviderRefused,
    RuleRefused,
    Stopping,
)

DETAIL = "Account 'work' of 'claude': the variable ANTHROPIC_API_KEY is not set."
MAKERS: dict[type[KorproxyError], Callable[[], KorproxyError]] = {
    AccountRefused: lambda: AccountRefused("KP-AUTH-007", DETAIL, provider="claude", account="work", upstream_status=401),
    BadRequest: lambda: BadRequest("KP-SYS-509", DETAIL),
    Busy: lambda: Busy("KP-RATE-402", DETAIL),
    CallerRefused: lambda: CallerRefused("KP-AUTH-001", DETAIL),
    CannotStart: lambda: CannotStart("KP-SYS-502", DETAIL),
    CommandFailed: lambda: CommandFailed("KP-CONF-217", DETAIL),
    ConfigError: lambda: ConfigError("KP-CONF-202", DETAIL),
    InternalError: lambda: InternalError("KP-SYS-501", DETAIL),
    KorproxyError: lambda: KorproxyError("KP-SYS-501", DETAIL),
    NoProvider: lambda: NoProvider("KP-PROV-105", DETAIL),
    PluginBroken: lambda: PluginBroken("KP-CONF-209", DETAIL, plugin="hello"),
    ProviderLost: lambda: ProviderLost("KP-NET-302", DETAIL, provider="claude"),
    ProviderRefused: lambda: ProviderRefused("KP-RATE-401", DETAIL, provider="claude", upstream_status=429),
    RuleRefused: lambda: RuleRefused("KP-PROV-124", DETAIL, rule="no"),
    Stopping: lambda: Stopping("KP-SYS-511", DETAIL),
}
CLASSES = sorted(MAKERS, key=lambda each: each.__name__)


def test_there_are_at_most_fifteen_reactions_and_each_is_tested_here() -> None:
    found = {each for _, each in inspect.getmembers(exceptions, inspect.isclass) if issubclass(each, KorproxyError)}
    assert (found, len(found) <= 15) == (set(CLASSES), True)


@pytest.mark.parametrize("kind", CLASSES)
def test_words_are_the_detail_and_nothing_else(kind: type[KorproxyError]) -> None:
    assert str(MAKERS[kind]()) == DETAIL


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_says_how_to_react(kind: type[KorproxyError]) -> None:
    assert (kind.__doc__ or "").split("\n")[0].endswith(".")


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_caught_as_itself_with_its_cause(kind: type[KorproxyError]) -> None:
    cause = OSError(111, "refused")
    with pytest.raises(KorproxyError) as caught:
        raise MAKERS[kind]() from cause
    assert (type(caught.value), caught.value.__cause__) == (kind, cause)


@pytest.mark.parametrize("kind", CLASSES)
def test_two_errors_with_the_same_words_stay_two(kind: type[KorproxyError]) -> None:
    one, other = MAKERS[kind](), MAKERS[kind]()
    assert len({one, other}) == 2


def test_no_reaction_is_a_special_case_of_another() -> None:
    assert {each.__base__ for each in CLASSES if each is not KorproxyError} == {KorproxyError}


def test_a_lost_provider_is_not_assumed_to_be_untouched() -> None:
    assert ProviderLost("KP-NET-308", DETAIL, provider="claude").untouched is False


def test_busy_asks_for_a_second_unless_it_knows_better() -> None:
    assert (Busy("KP-RATE-402", DETAIL).retry_after, Busy("KP-RATE-402", DETAIL, retry_after=7.5).retry_after) == (1.0, 7.5)


def test_a_wrong_configuration_tells_every_problem_under_the_code_of_the_first() -> None:
    problems = [
        Problem(code="KP-CONF-203", path="$.providers.a.type", message="no such type: 'clod'"),
        Problem(code="KP-CONF-202", path="$.server.port", message="expected int, got str 'abc'"),
    ]
    error = ConfigError.of(problems)
    assert (error.code, error.problems, str(error)) == (
        "KP-CONF-203",
        tuple(problems),
        "[KP-CONF-203] $.providers.a.type: no such type: 'clod'; [KP-CONF-202] $.server.port: expected int, got str 'abc'",
    )
