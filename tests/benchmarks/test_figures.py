"""The arithmetic of the benchmarks: ratios, spread, growth, and how many requests a round gets."""

import pytest
from benchmarks.figures import growth, growths, interval, lateness, percentile, ratios, requests_for, spread


def test_a_ratio_is_taken_within_each_round() -> None:
    assert ratios([100.0, 300.0], [50.0, 100.0]) == [2.0, 3.0]


def test_rounds_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError):
        ratios([1.0, 2.0], [1.0])


def test_the_spread_is_the_distance_of_the_rounds_over_their_median() -> None:
    assert spread([0.9, 1.0, 1.2]) == pytest.approx(0.3)
    assert spread([0.0, 0.0, 0.0]) == 0.0


def test_the_interval_of_few_rounds_is_their_whole_range() -> None:
    assert interval([1.2, 0.9, 1.0]) == (0.9, 1.2)
    assert interval([7.0]) == (7.0, 7.0)


def test_the_interval_of_many_rounds_leaves_out_the_outermost() -> None:
    assert interval([float(number) for number in range(1, 12)]) == (3.0, 9.0)
    assert interval([1.0] * 9 + [50.0, 60.0]) == (1.0, 1.0)


def test_one_disturbed_round_among_many_is_no_noise() -> None:
    assert spread([1.0] * 10 + [9.0]) == 0.0


def test_the_p99_is_a_value_that_one_in_a_hundred_exceeds() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.99), percentile(values, 0.5), percentile([3.0], 0.99)) == (99.0, 50.0, 3.0)


def test_each_key_is_as_late_as_the_poll_that_first_counted_it() -> None:
    assert lateness([10.0, 11.0, 12.0], [(10.5, 1), (12.5, 3)]) == [0.5, 1.5, 0.5]


def test_a_key_that_never_went_is_as_late_as_the_last_poll() -> None:
    assert lateness([10.0, 11.0], [(10.25, 1), (20.0, 1)]) == [0.25, 9.0]


def test_a_key_that_goes_before_its_time_is_not_late() -> None:
    assert lateness([10.0, 11.0], [(10.5, 2)]) == [0.5, 0.0]


def test_a_flat_curve_does_not_grow() -> None:
    assert growth([1000, 10_000, 100_000], [0.4, 0.4, 0.4]) == pytest.approx(1.0)


def test_a_curve_that_doubles_with_each_step_of_ten_grows_by_the_product() -> None:
    assert growth([1000, 10_000, 100_000], [1.0, 2.0, 4.0]) == pytest.approx(4.0)


def test_one_noisy_point_in_the_middle_does_not_make_a_curve_grow() -> None:
    assert growth([10, 100, 1000], [1.0, 3.0, 1.0]) == pytest.approx(1.0)


def test_each_round_has_its_own_growth() -> None:
    assert growths([1, 100], [[1.0, 2.0], [3.0, 2.0]]) == [pytest.approx(3.0), pytest.approx(1.0)]


def test_comparable_servers_get_the_same_number_of_requests() -> None:
    assert requests_for([100_000.0, 150_000.0], 2.0, 100) == [200_000, 200_000]


def test_a_server_that_is_much_slower_gets_fewer_requests() -> None:
    assert requests_for([100_000.0, 5_000.0], 1.0, 50) == [100_000, 5_000]


def test_requests_come_in_whole_pipelines_and_there_is_at_least_one() -> None:
    assert requests_for([1_234_567.0], 0.1, 1000) == [123_000]
    assert requests_for([10.0], 0.1, 1000) == [1000]
