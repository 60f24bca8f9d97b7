from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import PLUGIN_SHARE, RANGES, BadCode, ErrorCode, Registry, Severity, check_code

ROOT = Path(__file__).parents[3]


def code(name: str, message: str = "It happened.") -> ErrorCode:
    return ErrorCode(code=name, message=message, description="Because.", steps=("Wait.",), status=500)


def is_code(name: str, *, plugin: bool = False) -> bool:
    try:
        check_code(name, plugin=plugin)
    except BadCode:
        return False
    return True


@given(st.sampled_from(sorted(RANGES)), st.integers(0, 999))
def test_a_code_is_good_exactly_in_the_range_of_its_category(category: str, number: int) -> None:
    assert is_code(f"KP-{category}-{number:03}") == (number in RANGES[category])


@given(st.sampled_from(sorted(RANGES)), st.integers(0, 999))
def test_a_plugin_has_exactly_the_last_twenty_numbers_of_a_category(category: str, number: int) -> None:
    last = RANGES[category][-1]
    assert is_code(f"KP-{category}-{number:03}", plugin=True) == (last - PLUGIN_SHARE < number <= last)


@given(st.text() | st.from_regex(r"\s?(KP|kp|X)?-?[A-Za-z]{2,5}[-_][\d]{1,4}\s?"))
def test_nothing_else_is_a_code(name: str) -> None:
    allowed = {f"KP-{category}-{number:03}" for category, numbers in RANGES.items() for number in numbers}
    assert is_code(name) == (name in allowed)


@pytest.mark.parametrize(
    "name", ["KP-AUTH-001\n", " KP-AUTH-001", "KP-AUTH-\N{ARABIC-INDIC DIGIT ZERO}01", "kp-auth-001", "KP-AUTH-000"]
)
def test_what_looks_like_a_code_but_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadCode):
        check_code(name)


def test_a_code_outside_its_range_is_told_the_range() -> None:
    with pytest.raises(BadCode, match=r"^KP-NET-401: codes of NET are 300 to 399$"):
        Registry.of([code("KP-NET-401")])


def test_a_plugins_code_outside_its_share_is_told_the_share() -> None:
    with pytest.raises(BadCode, match=r"^KP-NET-301: a plugin's codes of NET are 380 to 399$"):
        Registry().add(code("KP-NET-301"), plugin=True)


def test_a_code_that_is_used_twice_names_both_meanings() -> None:
    with pytest.raises(BadCode, match=r"^KP-SYS-501 is used twice: 'One.' and 'Two.'$"):
        Registry.of([code("KP-SYS-501", "One."), code("KP-SYS-501", "Two.")])


def test_a_refused_code_leaves_the_registry_as_it_was() -> None:
    registry = Registry.of([code("KP-SYS-590", "Mine.")])
    with pytest.raises(BadCode):
        registry.add(code("KP-SYS-590", "Yours."), plugin=True)
    assert [each.message for each in registry] == ["Mine."]


@given(st.permutations(BUILTIN_CODES))
def test_the_registry_is_in_the_order_of_the_numbers_however_it_was_filled(codes: list[ErrorCode]) -> None:
    assert list(Registry.of(codes)) == sorted(BUILTIN_CODES, key=lambda each: each.code[-3:])


def test_the_registry_finds_what_it_holds() -> None:
    registry = Registry.of(BUILTIN_CODES)
    assert (len(registry), "KP-SYS-501" in registry, "KP-SYS-500" in registry) == (len(BUILTIN_CODES), True, False)


def test_every_category_has_codes_and_there_are_forty_at_least() -> None:
    assert (len(BUILTIN_CODES) >= 40, {each.category for each in BUILTIN_CODES}) == (True, set(RANGES))


def test_every_status_is_an_error() -> None:
    assert [each.code for each in BUILTIN_CODES if not 400 <= each.status <= 599] == []


@pytest.mark.parametrize("given_code", BUILTIN_CODES, ids=lambda each: each.code)
def test_json_holds_all_of_a_code(given_code: ErrorCode) -> None:
    data = json.loads(json.dumps(given_code.to_dict()))
    again = ErrorCode(
        code=data.pop("code"),
        message=data.pop("message"),
        description=data.pop("description"),
        severity=Severity(data.pop("severity")),
        steps=tuple(data.pop("troubleshooting")),
        status=data.pop("http_status"),
        retryable=data.pop("retryable"),
    )
    assert (again, data) == (given_code, {"category": given_code.category})


def test_a_code_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        BUILTIN_CODES[0].status = 200  # type: ignore[misc]


def test_every_code_that_the_program_or_its_documentation_names_is_in_the_registry() -> None:
    files = [*ROOT.glob("korproxy/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    named = {
        (found, str(each.relative_to(ROOT)))
        for each in files
        for found in re.findall(r"KP-[A-Z]+-\d{3}", each.read_text("utf-8"))
    }
    registry = Registry.of(BUILTIN_CODES)
    assert [each for each in sorted(named) if each[0] not in registry and not is_code(each[0], plugin=True)] == []
