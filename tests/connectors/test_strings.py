"""Connection strings and SQL Server addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.connectors._sqlserver import Server, server
from lineage.connectors._strings import settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Server=h;Database=d", {"server": "h", "database": "d"}),
        ("DATA SOURCE = h ; initial  Catalog = d ;", {"server": "h", "database": "d"}),
        ("Addr=a;Address=b;Network Address=c", {"server": "c"}),
        ("AccountKey=abc==;AccountName=n", {"accountkey": "abc==", "accountname": "n"}),
        ("Password='a;b''c';Server=h", {"password": "a;b'c", "server": "h"}),
        ('Password="a;b""c";Server=h', {"password": 'a;b"c', "server": "h"}),
        ("Pwd={a;b}}c};Server=h", {"pwd": "a;b}c", "server": "h"}),
        ("Pwd='open;Server=h", {"pwd": "'open", "server": "h"}),
        ("Pwd={open;Server=h", {"pwd": "{open", "server": "h"}),
        ("Driver={SQL Server};Server=h", {"driver": "SQL Server", "server": "h"}),
        ("a==b=c", {"a=b": "c"}),
        ("Server=", {"server": ""}),
        ("no setting;Server=h;;", {"server": "h"}),
        ("Server=h;Server=g", {"server": "g"}),
        ("", {}),
        (";;;", {}),
    ],
)
def test_settings_are_read_in_all_their_spellings(text: str, found: dict[str, str]) -> None:
    assert settings(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("h", Server("h")),
        ("tcp:h,1433", Server("h", port="1433")),
        (" TCP : h , 1433 ", Server("h", port="1433")),
        ("admin:h", Server("h")),
        ("lpc:h\\I", Server("h", "I")),
        ("h\\I,1450", Server("h", "I", "1450")),
        ("np:\\\\h\\pipe\\sql\\query", Server("h")),
        ("np:\\\\h\\pipe\\MSSQL$I\\sql\\query", Server("h", "I")),
        (".\\I", Server(".", "I")),
        ("(localdb)\\MSSQLLocalDB", Server("(localdb)")),
        ("tcp:[::1],1433", Server("[::1]", port="1433")),
        ("", Server("")),
    ],
)
def test_a_data_source_is_host_instance_and_port(text: str, found: Server) -> None:
    assert server(text) == found


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(key == key.lower() for key in settings(text))
    assert isinstance(server(text), Server)


@given(st.dictionaries(st.sampled_from(["server", "database", "x y"]), st.text(), max_size=3))
def test_what_is_printed_with_quotes_is_read_back(values: dict[str, str]) -> None:
    text = ";".join(
        f"{key}='{value.replace(chr(39), chr(39) * 2)}'" for key, value in values.items()
    )

    assert settings(text) == values
