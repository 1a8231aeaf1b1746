"""Normalisation of qualified names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.connectors._normal import Kind, encoded_blanks, normal

PIECES = st.sampled_from(
    ["a", "B", " ", ".", ":", "/", "//", "@", "[", "]", "{", "}", "%20", "://", "É", "İ", "\n", "7"]
)
REALISTIC = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["https", "MSSQL", "s3", "http+file"]),
    st.sampled_from(["Acct.blob.core.windows.net", "u:p@h", "[::1]", "h", ""]),
    st.sampled_from(["", ":443", ":", ":1:2"]),
    st.lists(PIECES, max_size=12).map("".join),
)


@pytest.mark.parametrize(
    ("kind", "name", "normalised"),
    [
        (Kind.FILES, "HTTPS://Acct.Blob.Core.Windows.Net/c/A/b.CSV", "A/b.csv"),
        (Kind.FILES, "https://acct.blob.core.windows.net:443/c/A/b.csv", "A/b.csv"),
        (Kind.FILES, "https://user:key@acct.blob.core.windows.net/c/A/b.csv", "A/b.csv"),
        (Kind.FILES, "https:// acct.blob.core.windows.net /c/A/b.csv", "A/b.csv"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c//A///b.csv", "A/b.csv"),
        (Kind.FILES, "https://acct.blob.core.windows.net/ c / A /b .csv ", "A/b.csv"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/{N}/b", "%7BN%7D/b"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/A b/C@d", "A b/C@d"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/A.PARQUET", "A.PARQUET"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/A/", "A/"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/v1.0/US/", "v1.0/US/"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/v1.0/US", "v1.0/US"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/v1.0/US.CSV", "v1.0/US.csv"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/My.Data/", "My.Data/"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/[A]", "[A]"),
        (Kind.FILES, "https://acct.blob.core.windows.net/c/", ""),
    ],
)
def test_a_path_is_spelled_as_a_scan_spells_it(kind: Kind, name: str, normalised: str) -> None:
    whole = f"https://acct.blob.core.windows.net/c/{normalised}".rstrip("/")

    assert normal(name, kind) == whole + ("/" if normalised.endswith("/") else "")


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("MSSQL://S.database.windows.net,/Db/dbo/T.CSV", "mssql://s.database.windows.net,/Db/dbo/T.CSV"),
        ("mssql://s:1433/Db/[dbo]/[T]", "mssql://s/Db/dbo/T"),
        ("mssql://s/Db/dbo/[a b]", "mssql://s/Db/dbo/a%20b"),
        ("mssql://s/Db/dbo/a b", "mssql://s/Db/dbo/a b"),
        ("mssql://s/Db/dbo/[[a]]", "mssql://s/Db/dbo/a"),
        ("mssql://s/Db/dbo/a]b", "mssql://s/Db/dbo/a]b"),
        ("mssql://s/Db/dbo/", "mssql://s/Db/dbo"),
        ("mssql://[::1]:1433/Db", "mssql://[::1]/Db"),
    ],
)  # fmt: skip
def test_a_sql_name_loses_its_brackets_and_keeps_its_case(name: str, normalised: str) -> None:
    assert normal(name, Kind.RELATIONAL) == normalised


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("SFTP://Host:2222/in/A.CSV", "sftp://host:2222/in/A.CSV"),
        ("sftp://u:p@host/in/", "sftp://host/in/"),
        ("sftp://host//", "sftp://host"),
        ("mssql://h/MSSQLSERVER/Db/dbo/Dr. Who", "mssql://h/MSSQLSERVER/Db/dbo/Dr. Who"),
    ],
)
def test_what_the_rules_do_not_list_keeps_port_and_extension(name: str, normalised: str) -> None:
    assert normal(name, Kind.OTHER) == normalised


def test_blanks_are_encoded_only_on_request() -> None:
    assert encoded_blanks("mssql://s/d/dbo/a b") == "mssql://s/d/dbo/a%20b"


@given(st.text() | REALISTIC, st.sampled_from(Kind))
def test_normalising_twice_is_normalising_once(name: str, kind: Kind) -> None:
    once = normal(name, kind)

    assert normal(once, kind) == once


@given(REALISTIC, st.sampled_from(Kind))
def test_a_normalised_name_has_one_scheme_and_no_user_no_braces_and_no_empty_level(
    name: str, kind: Kind
) -> None:
    scheme, _, rest = normal(name, kind).partition("://")
    authority, _, path = rest.partition("/")

    assert scheme == scheme.lower()
    assert "@" not in authority
    assert not {"{", "}"} & set(path)
    assert "//" not in path
