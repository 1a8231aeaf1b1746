"""What is left of a text, a URL, a connection string."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.redact._connections import connection
from lineage.redact._texts import clean

TOKEN = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
KEY = f"{TOKEN}{TOKEN}{TOKEN}"[:86]
X = "<removed>"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("raw/orders/2026-11-19/orders.csv", None),
        ("PL_Build_Report_DailyRevenue2024Final", None),
        ("5ec00000-0001-4000-8000-000000000012", None),
        ("file?.csv", None),
        ("*.parquet", None),
        ("@concat('raw/', dataset().folder, '/', pipeline().parameters.file)", None),
        ("@{pipeline().parameters.zone}/orders@{item().name}", None),
        ("$['order']['id']", None),
        ("a/b?sv=2020&sp=r&sig=abc", f"a/b?{X}&{X}&sig={X}"),
        ("a.csv?token=abc", f"a.csv?token={X}"),
        (
            "see https://u:p@x.example.org/a?b=c#d now",
            f"see https://{X}@x.example.org/a?{X}#{X} now",
        ),
        ("Server=s;Password=abc;Database=d", f"Server=s;Password={X};Database=d"),
        ('Password="a;b"";c";x', f"Password={X};x"),
        ("sig=@{concat(x)}&a", f"sig={X}&a"),
        ("@concat('https://x/?sig=', dataset().s)", X),
        ("Bearer abcdefgh", f"Bearer {X}"),
        ("authorization: Basic dTpwYXNz", f"authorization: {X}"),
        ("x-api-key: abc\nAccept: all", f"x-api-key: {X}\nAccept: all"),
        ("Password=abc?sig=def", f"Password={X}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s-_x", X),
        ("by jane.doe@contoso.com", f"by {X}"),
        ("u:pass@host.example.org", f"{X}host.example.org"),
        (f"{KEY}==", X),
        (f"x/{TOKEN}/y", X),
        (f"x-{TOKEN}-y", f"x-{X}-y"),
        ("AKIAIOSFODNN7EXAMPLE", X),
        ("0123456789abcdef0123456789abcdef", X),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", X),
        ("-----BEGIN PRIVATE KEY-----\ncut", X),
        ('broken {"password": "abc", "a": 1', f'broken {{"password": "{X}", "a": 1'),
    ],
)
def test_a_text_is_left_without_what_has_the_form_of_a_secret(text: str, left: str | None) -> None:
    assert clean(text) == (text if left is None else left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Server=tcp:s.database.windows.net,1433;Initial Catalog=d;", None),
        ("Data Source=CRM01\\SALES;Initial Catalog=CRM;Integrated Security=True", None),
        ("DefaultEndpointsProtocol=https;AccountName=a;EndpointSuffix=core.windows.net", None),
        ("https://acc.dfs.core.windows.net/", None),
        ("@{linkedService().server}.database.windows.net", None),
        ("Server=@{linkedService().s};Database=d", None),
        ("**********", None),
        ("Server=s;User ID=u;Password=p;", f"Server=s;User ID={X};Password={X};"),
        ("Server=s;password = 'a;b'", f"Server=s;password ={X}"),
        ('Server=s;Password="a;b"";c"', f"Server=s;Password={X}"),
        ("Server=s;Pwd={a;b}", f"Server=s;Pwd={X}"),
        ("AccountName=a;AccountKey=abc==;", f"AccountName=a;AccountKey={X};"),
        ("BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x",
         f"BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature={X}"),
        ("AccountEndpoint=https://c:443/;AccountKey=k;Database=d",
         f"AccountEndpoint=https://c:443/;AccountKey={X};Database=d"),
        ("jdbc:snowflake://a.x.com/?user=u&password=p&db=d",
         f"jdbc:snowflake://a.x.com/?{X}&password={X}&db=d"),
        ("jdbc:sqlserver://s:1433;database=d;user=u;password=p",
         f"jdbc:sqlserver://s:1433;database=d;user={X};password={X}"),
        ("mongodb://u:p@m:27017/d", f"mongodb://{X}@m:27017/d"),
        ("https://u:p/q@api.example.org/v1", f"https://{X}/{X}@api.example.org/v1"),
        ("https://u:p?q@api.example.org/v1", f"https://{X}?{X}"),
        ("https://h.example.org/v1?to=a@b.c", f"https://h.example.org/v1?{X}"),
        ("u/p@//o.example.org:1521/s", f"{X}/{X}@//o.example.org:1521/s"),
        ("host=p port=5432 dbname=d user=u password=x",
         f"host=p port=5432 dbname=d user={X} password={X}"),
        ("Server=s;Password=@{concat('x', linkedService().p)}", f"Server=s;Password={X}"),
        ("@concat('Server=s;Password=', linkedService().p)", X),
        ("d;Password=p", f"d;Password={X}"),
        ("\\\\u:p@files.example.org\\share", f"\\\\{X}@files.example.org\\share"),
    ],
)  # fmt: skip
def test_a_connection_says_where_it_leads_and_no_more(text: str, left: str | None) -> None:
    assert connection(text) == (text if left is None else left)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "a:",
        "a ",
        "@{",
        "A1",
        "=",
        "?a=",
        "'",
        '"',
        "{",
        "eyJ-",
        "a@",
        "://",
        "a=b ",
        "/",
    ],
)
def test_a_long_text_takes_no_longer_than_it_is(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = process_time()

    clean(text)
    connection(text)

    assert process_time() - began < 5


PIECES = st.sampled_from(
    [
        *("Password=", "sig=", "Server=", ";", "?", "&", "@", "://", "https", "/", "#", "'", '"'),
        *("{", "}", "=", " ", "u:p", "abc", "@{x}", "@concat(", ")", ":", '"password"', TOKEN, X),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


@given(TEXTS)
def test_what_was_cleaned_is_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert connection(connection(text)) == connection(text)
