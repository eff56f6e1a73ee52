"""`keras-blog rules`: its files, its errors."""

import csv
import json

from keras_blog.__main__ import main
from keras_blog.datasets import debian


def test_rules_of_a_file(tmp_path, capsys):
    baskets = tmp_path / "baskets.txt"
    baskets.write_text("tea;milk\ntea;milk\nbread\n\nmilk;bread\n" * 5, encoding="utf-8")
    assert main(["rules", str(baskets), "--separator", ";", "--min-support", "0.25", "--out", str(tmp_path / "out")]) == 0
    assert "20 transactions, 5 frequent sets, 2 rules" in capsys.readouterr().out
    with open(tmp_path / "out" / "rules.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0][name] for name in ("antecedent", "consequent", "conviction")) == ("tea", "milk", "inf")
    found = json.loads((tmp_path / "out" / "rules.json").read_text(encoding="utf-8"))
    assert found[0]["antecedent"] == ["tea"]
    assert found[0]["conviction"] is None
    assert (tmp_path / "out" / "rules.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "itemsets.csv").read_text(encoding="utf-8").splitlines()[1] == "milk,15,0.75"


def test_no_rules_is_no_error(tmp_path, capsys):
    baskets = tmp_path / "baskets.txt"
    baskets.write_text("tea\nmilk\n", encoding="utf-8")
    assert main(["rules", str(baskets), "--out", str(tmp_path / "out")]) == 0
    assert "2 frequent sets, 0 rules" in capsys.readouterr().out
    assert not (tmp_path / "out" / "rules.png").exists()


def test_what_cannot_be_read_is_one_line(tmp_path, capsys, monkeypatch):
    assert main(["rules", str(tmp_path / "none")]) == 2
    assert main(["rules", __file__, "--min-support", "2"]) == 2
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    assert main(["rules"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "this system has no apt-cache" in lines[2]
