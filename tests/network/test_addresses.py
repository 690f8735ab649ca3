"""Addresses to listen on, and who counts as this machine."""

import pytest

from kvik.errors import SettingsError
from kvik.network.addresses import Address, is_loopback, parse_address


def test_an_empty_host_is_this_machine_and_a_missing_port_the_doors_own() -> None:
    assert parse_address("resp://:7000") == Address("resp", "127.0.0.1", 7000)
    assert parse_address("resp://") == Address("resp", "127.0.0.1", 6379)
    assert parse_address("auto://0.0.0.0:0") == Address("auto", "0.0.0.0", 0)


def test_an_ipv6_host_stands_in_brackets() -> None:
    address = parse_address("auto://[::1]:7000")
    assert address == Address("auto", "::1", 7000)
    assert str(address) == "auto://[::1]:7000"


def test_a_path_is_a_unix_socket() -> None:
    address = parse_address("resp:///tmp/kvik.sock")
    assert address == Address("resp", "", 0, "/tmp/kvik.sock")
    assert str(address) == "resp:///tmp/kvik.sock"


@pytest.mark.parametrize("text", ["gopher://:70", "127.0.0.1:6379", "resp://host:port", "resp://:99999", ""])
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="--listen"):
        parse_address(text)


@pytest.mark.parametrize("port", ["port", "99999", "-1"])
def test_a_port_that_is_none_is_told_in_words(port: str) -> None:
    with pytest.raises(SettingsError, match=f"--listen resp://:{port}: the port must be a number from 0 to 65535$"):
        parse_address(f"resp://:{port}")


def test_only_this_machines_addresses_are_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.8.9.1")
    assert is_loopback("::1")
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("::ffff:10.0.0.1")
    assert not is_loopback("fe80::1%eth0")
    assert not is_loopback("")
