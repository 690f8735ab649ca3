"""What the options of a load mean."""

import pytest

from kvik.client.load.plan import (
    NO_LIMIT,
    Plan,
    PlanError,
    parse_distribution,
    parse_number,
    parse_percent,
    parse_seconds,
    parse_sizes,
)


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("100k", 100_000), ("2m", 2_000_000), ("1,000", 1_000), ("5K", 5_000)]
)
def test_numbers_may_have_a_unit(text: str, number: int) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "sizes"), [("64", (64, 64)), ("1kb", (1024, 1024)), ("10-1000", (10, 1000)), ("0", (0, 0))]
)
def test_sizes_are_one_number_or_two(text: str, sizes: tuple[int, int]) -> None:
    assert parse_sizes(text) == sizes


def test_distributions_have_a_name_and_an_exponent() -> None:
    assert [parse_distribution(text) for text in ("uniform", "zipf", "zipf:1.2", "ZIPF:.5")] == [0.0, 0.99, 1.2, 0.5]


def test_times_are_seconds_unless_they_say_minutes() -> None:
    assert [parse_seconds(text) for text in ("30", "0.5", "2m", "1h", "3s")] == [30.0, 0.5, 120.0, 3600.0, 3.0]


@pytest.mark.parametrize("text", ["0", "-1", "many", "", "1x", "0k"])
def test_what_is_no_number_above_zero_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_number(text)


@pytest.mark.parametrize("text", ["9-1", "a-b", "-", "1tb", "1gb", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_sizes(text)


@pytest.mark.parametrize("text", ["zipf:0", "zipf:", "zipf:x", "normal", "zipf:11", "uniform:1"])
def test_what_is_no_distribution_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_distribution(text)


@pytest.mark.parametrize("text", ["101", "-1", "x", ""])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_percent(text)


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "x", "1d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_seconds(text)


def test_all_requests_are_shared_out_among_the_clients() -> None:
    plan = Plan(clients=7, requests=100)
    assert sorted(plan.share_of(client) for client in range(7)) == [14] * 5 + [15] * 2
    assert Plan(clients=7, requests=0).share_of(0) == NO_LIMIT


def test_every_client_is_driven_by_one_process() -> None:
    plan = Plan(clients=7, processes=3)
    assert sorted(client for process in range(3) for client in plan.clients_of(process)) == list(range(7))
