"""Names of tools in namespaces."""

from __future__ import annotations

from korproxy.builtin.dialects.responses_format.namespaces import Names


def test_a_tool_in_a_namespace_has_one_name_for_both() -> None:
    names = Names({"read"})

    assert names.flat("read", "files") == names.flat("read", "files") == "files__read"
    assert names.flat("read", None) == "read"
    assert names.namespaces == {"files__read": ("files", "read")}


def test_names_that_would_meet_stay_apart() -> None:
    names = Names({"a__b__c"})

    flat = [names.flat("c", "a__b"), names.flat("b__c", "a"), names.flat("c", "a__b")]
    assert flat == ["a__b__c_2", "a__b__c_3", "a__b__c_2"]
    assert names.namespaces == {"a__b__c_2": ("a__b", "c"), "a__b__c_3": ("a", "b__c")}


def test_a_name_alone_means_the_only_namespace_that_has_it() -> None:
    names = Names()
    names.flat("read", "files")

    assert names.flat("read", None) == "files__read"
    assert names.flat("write", "") == "write"
    names.flat("read", "mails")
    assert names.flat("read", None) == "read"
