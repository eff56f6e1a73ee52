import random

import pytest

from keras_blog.datasets import home_assistant

CONTENT = {
    "intents": {
        "On": {"data": [{"sentences": ["[请](开|打开)灯", "灯<wish>{state}"]}, {"sentences": ["开{area}的灯"]}]},
        "Off": {"data": [{"sentences": ["关{n:level}灯", "灯要开"]}]},
    },
    "expansion_rules": {"wish": "要|应该"},
    "lists": {"state": {"values": [{"in": "(开|亮)"}, "好"]}, "n": {"range": {"from": 2, "to": 4, "step": 2}}},
}


def test_templates_are_spoken():
    spoken = set(home_assistant._sentences("[请](开|打开)灯", CONTENT, 60, random.Random(1)))
    assert spoken == {"开灯", "打开灯", "请开灯", "请打开灯"}
    spoken = set(home_assistant._sentences("灯<wish>{state}", CONTENT, 60, random.Random(1)))
    assert spoken == {"灯要开", "灯要亮", "灯要好", "灯应该开", "灯应该亮", "灯应该好"}
    assert set(home_assistant._sentences("关{n:level}灯", CONTENT, 60, random.Random(1))) == {"关2灯", "关4灯"}


def test_test_templates_are_not_trained_and_shared_sentences_are_nobodys():
    (train, train_groups), (test, test_groups) = home_assistant._split(CONTENT, 60)
    assert not set(train) & set(test)
    assert "灯要开" not in train + test or ("Off/0" in train_groups + test_groups)
    assert set(train_groups) >= {"On/0", "On/1"}
    assert "On/1" not in test_groups  # it has one template
    with pytest.raises(ValueError, match="`per_template` must be at least 1; received 0"):
        home_assistant.load_data(0)


def test_the_corpus():
    try:
        (train, train_groups), (test, test_groups) = home_assistant.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(train), len(set(train_groups)), len(test), len(set(test_groups))) == (21_868, 297, 11_713, 234)
    assert not set(train) & set(test)
    assert not any(set(text) & set("[](){}<>|") for text in train + test)
