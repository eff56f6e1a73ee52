"""Groups of Chinese sentences with one meaning: commands to a smart home, from the templates of Home Assistant."""

import json
import random
import re

from keras_blog.datasets import archive

# What stands in slots without values of their own; what is said there does not change the meaning of a group.
_WORDS = {
    "area": "客厅 卧室 书房 厨房 餐厅 车库 阳台 浴室",
    "floor": "一楼 二楼 三楼 地下室 顶楼",
    "name": "电视 空调 台灯 风扇 音箱 加湿器 扫地机器人 热水器",
    "message": "吃饭了 我回来了 该睡觉了 快递到了",
    "search_query": "轻音乐 周杰伦的歌 新闻 相声",
    "zone": "家 公司 学校 超市",
    "timer_name": "煮面 面包 洗衣 学习",
    "timer_command": "开灯 关空调 放音乐 打开窗帘",
    "shopping_list_item": "牛奶 鸡蛋 面包 苹果",
    "todo_list_item": "买菜 交水费 写作业 打电话",
}


def load_data(per_template=60):
    """Sentences by group, each group the ways to give one command; test sentences are of templates that train does not use.

    =====  ======  =========  =========
    part   groups  templates  sentences
    =====  ======  =========  =========
    train     297        464         21,868
    test      234        236          11,713
    =====  ======  =========  =========

    A template such as `[把|将]{area}的灯(打开|开启)` stands for many sentences, of which at most `per_template` distinct ones
    are drawn, always the same; one template of every group that has two or more is for the test alone. What stands in a slot
    varies and belongs to no group. Sentences that two groups share, or that are in both parts, are left out. The counts hold
    for `per_template=60`.

    The file is read out of the package home-assistant-intents 2026.10.27 (0.8 MB, downloaded once; see `archive.fetch`); it is
    under the Apache licence 2.0.

    Args:
        per_template: most sentences of one template.

    Returns:
        `((train_texts, train_groups), (test_texts, test_groups))`: lists of strings; a group is `"HassTurnOn/3"`.

    Raises:
        ValueError: if `per_template` is not positive.
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    if per_template < 1:
        raise ValueError(f"`per_template` must be at least 1; received {per_template}")
    path = archive.fetch(
        "home-assistant-intents==2026.10.27",
        "home_assistant_intents-2026.10.27-py3-none-any.whl",
        sha256="256eb1e4fc6e6f4943d0ba4e089c9639d74d0e9d62ccddeb7148bc168de55e40",
    )
    return _split(json.loads(archive.read_member(path, "home_assistant_intents/data/zh-CN.json")), per_template)


def _split(content, per_template):
    rng = random.Random(0)
    parts = {"train": {}, "test": {}}  # text -> groups
    for intent, blocks in content["intents"].items():
        for number, block in enumerate(blocks["data"]):
            templates = block["sentences"]
            held = rng.randrange(len(templates)) if len(templates) > 1 else None
            for i, template in enumerate(templates):
                part = parts["test" if i == held else "train"]
                for text in _sentences(template, content, per_template, rng):
                    part.setdefault(text, set()).add(f"{intent}/{number}")
    known = parts["train"]
    kept = {
        "train": {text: groups for text, groups in known.items() if len(groups | parts["test"].get(text, set())) == 1},
        "test": {text: groups for text, groups in parts["test"].items() if len(groups) == 1 and text not in known},
    }
    return tuple((list(part), [next(iter(groups)) for groups in part.values()]) for part in kept.values())


def _sentences(template, content, most, rng):
    drawn = {}
    for _ in range(4 * most):
        drawn.setdefault(re.sub(r"\s+", "", _spoken(template, content, rng)))
        if len(drawn) == most:
            break
    return list(drawn)


def _spoken(template, content, rng):
    """One sentence of a template: `[may be]`, `(one|of)`, `{slot:name}`, `<rule>`."""
    text = template
    while True:
        # The innermost bracket is resolved first, until none is left.
        match = re.search(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)|\{([^{}]*)\}|<([^<>]*)>", text)
        if match is None:
            return rng.choice(text.split("|"))
        optional, choice, slot, rule = match.groups()
        if optional is not None:
            new = rng.choice([*optional.split("|"), ""])
        elif choice is not None:
            new = rng.choice(choice.split("|"))
        elif slot is not None:
            new = _filled(slot.split(":")[0], content["lists"], rng)
        else:
            new = f"({content['expansion_rules'][rule]})"
        text = text[: match.start()] + new + text[match.end() :]


def _filled(slot, lists, rng):
    if slot in _WORDS:
        return rng.choice(_WORDS[slot].split())
    values = lists[slot].get("values")
    if values:
        value = rng.choice(values)
        return f"({value['in'] if isinstance(value, dict) else value})"
    bounds = lists[slot]["range"]
    return str(rng.randrange(bounds["from"], bounds["to"] + 1, bounds.get("step", 1)))
