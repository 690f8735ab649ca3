"""How a server is named."""

import pytest

from kvik.client.address import AddressError, find_address, parse_address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "127.0.0.1:9736"),
        ("example.org", "example.org:9736"),
        ("example.org:80", "example.org:80"),
        (":80", "127.0.0.1:80"),
        ("[::1]:80", "[::1]:80"),
        ("[::1]", "[::1]:9736"),
        ("::1", "[::1]:9736"),
        ("unix:/run/kvik.sock", "unix:/run/kvik.sock"),
        ("unix:///run/kvik.sock", "unix:/run/kvik.sock"),
        ("redis://example.org", "example.org:6379"),
        ("valkey://[::1]:7000/3", "[::1]:7000"),
    ],
)
def test_a_server_is_named_in_many_ways(text: str, shown: str) -> None:
    assert str(parse_address(text)) == shown


def test_a_url_carries_user_password_and_database() -> None:
    address = parse_address("rediss://ann:p%40ss@example.org:7000/3")
    assert (address.user, address.password, address.database, address.is_tls) == ("ann", "p@ss", 3, True)


def test_the_url_of_a_unix_socket_names_its_database() -> None:
    address = parse_address("unix://:secret@/run/kvik.sock?db=2")
    assert (address.path, address.password, address.database) == ("/run/kvik.sock", "secret", 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("host:port", "port must be a number"),
        ("host:0", "port must be a number"),
        ("host:65536", "port must be a number"),
        ("host:", "port must be a number"),
        ("[::1", r"\[ADDRESS\]:PORT"),
        ("[::1]80", r"\[ADDRESS\]:PORT"),
        ("unix:", "path of the socket is missing"),
        ("http://host", "unknown scheme 'http'"),
        ("redis://host/one", "database must be a number"),
        ("redis://host:port", "port must be a number"),
    ],
)
def test_what_names_no_server_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(AddressError, match=complaint):
        parse_address(text)


def test_a_complaint_does_not_show_the_password() -> None:
    with pytest.raises(AddressError) as caught:
        parse_address("redis://ann:secret@host/one")
    assert "secret" not in str(caught.value)


def test_the_environment_fills_in_what_is_not_said() -> None:
    environment = {"REDIS_URL": "redis://example.org", "REDISCLI_AUTH": "secret"}
    assert str(find_address("", environment)) == "example.org:6379"
    assert find_address("", environment).password == "secret"
    assert str(find_address("other", environment)) == "other:9736"
    assert find_address("redis://:own@other", environment).password == "own"
