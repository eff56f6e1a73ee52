import random

import pytest

from keras_blog.sql import number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-3", -3),
        ("+7", 7),
        ("−12.50", -12.5),
        ("12%", 12),
        ("1,234,567", 1234567),
        ("$1.5", 1.5),
        ("-$5", -5),
        ("$-5", -5),
        (".5", 0.5),
        ("1.1 million", 1_100_000),
        ("3k", 3000),
        ("1.2亿", 120_000_000),
        ("三万", 30_000),
        ("2018年", 2018),
        ("Seven", 7),
        ("9" * 30, 1e30),
    ],
)
def test_negatives_per_cent_and_units_are_numbers(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "4-4-2", "1,23", "12 34", "1.2.3", "abc", "$", "一万一", "nan", "inf", "1e5", "½", "٣", "9" * 400, "-十x"],
)
def test_what_is_no_number(text):
    assert number(text) is None


def test_any_text_is_a_number_or_none():
    chance = random.Random(0)
    for _ in range(3000):
        text = "".join(chance.choice("0123456789.,-−+$€%km 万亿十两年one\0\u0660") for _ in range(chance.randrange(8)))
        value = number(text)
        assert value is None or isinstance(value, (int, float))
        assert not isinstance(value, int) or abs(value) < 2**63
