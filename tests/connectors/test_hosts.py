"""Hosts, and URLs they are taken out of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.connectors._hosts import Address, address, clean, local


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Contoso.Database.Windows.NET", "contoso.database.windows.net"),
        ("DEV_19", "dev_19"),
        ("host.", "host"),
        ("10.33.0.4", "10.33.0.4"),
        ("2001:DB8::0001", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("<server>", ""),
        ("#{server}#", ""),
        ("__server__", ""),
        ("$(server)", ""),
        ("a b", ""),
        ("a..b", ""),
        ("-a", ""),
        ("a:1433", ""),
        ("fe80::1%eth0", ""),
        ("", ""),
    ],
)
def test_only_what_can_be_a_host_is_one(text: str, host: str) -> None:
    assert clean(text) == host


LOCAL = (
    "localhost",
    "LOCALHOST",
    "app.localhost",
    ".",
    "(local)",
    "(localdb)\\x",
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - no socket is bound
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "C:",
    "D:\\data",
    "e:/x",
)


@pytest.mark.parametrize("text", LOCAL)
def test_a_host_that_means_something_only_where_it_is_used_is_local(text: str) -> None:
    assert local(text)


@pytest.mark.parametrize("text", ["dev19", "10.0.0.1", "localhost.example.com", "cc:\\x", ""])
def test_a_host_of_a_network_is_not_local(text: str) -> None:
    assert not local(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://h/", Address("h")),
        ("https://u:p@h:443/a/b/?x=1#y", Address("h", "443", "a/b")),
        ("h:8080/a#b", Address("h", "8080", "a")),
        ("https://[::1]:10000/a", Address("[::1]", "10000", "a")),
        ("::1", Address("::1")),
        ("\\\\srv\\share\\dir", Address("srv", "", "share/dir")),
        ("jdbc:snowflake://h/?db=d", Address("h")),
        ("mongodb://u:p/w@h/db", Address("")),
        ("https://#ACCOUNT#.example.com", Address("#ACCOUNT#.example.com")),
        ("", Address("")),
    ],
)
def test_a_url_is_taken_apart_without_user_query_and_fragment(text: str, found: Address) -> None:
    assert address(text) == found


@given(st.text())
def test_any_text_is_read_without_an_error_and_a_clean_host_stays(text: str) -> None:
    assert isinstance(address(text), Address)
    assert isinstance(local(text), bool)
    assert clean(clean(text)) == clean(text)
