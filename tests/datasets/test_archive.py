import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from keras_blog.datasets import archive

CONTENT = b"the archive"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "keras_blog"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of packages that pip, cut off from every other index, finds."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def a_client(content, calls):
    def client(requirement, sha256, scratch):
        calls.append(requirement)
        (scratch / "came").write_bytes(content)
        return scratch / "came"

    return client


def sdist(path, marker):
    files = {
        "PKG-INFO": b"Metadata-Version: 1.1\nName: toy-corpus\nVersion: 1.0\n",
        "setup.py": f"open({str(marker)!r}, 'w')\nfrom setuptools import setup\nsetup()\n".encode(),
        "corpus.txt": "北京 S-LOC".encode(),
    }
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(f"toy-corpus-1.0/{name}")
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheel(path):
    with zipfile.ZipFile(path, "w") as zip_file:
        zip_file.writestr("toy/corpus.txt", "corpus")
        zip_file.writestr("toy_wheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy-wheel\nVersion: 1.0\n")
        zip_file.writestr(
            "toy_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        zip_file.writestr("toy_wheel-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_fetched_once(home, monkeypatch, capsys):
    calls = []
    monkeypatch.setitem(archive._CLIENTS, "pip", a_client(CONTENT, calls))
    path = archive.fetch("toy==1", "toy.whl", SHA256)
    assert path == home / "toy.whl"
    assert capsys.readouterr().err == f"Downloading toy==1 to {path}\n"
    assert archive.fetch("toy==1", "toy.whl", SHA256) == path
    assert path.read_bytes() == CONTENT
    assert calls == ["toy==1"]
    assert list(home.iterdir()) == [path]


def test_a_hand_made_copy_needs_no_client(home, monkeypatch):
    monkeypatch.setitem(archive._CLIENTS, "pip", None)
    home.mkdir(parents=True)
    (home / "toy.whl").write_bytes(CONTENT)
    assert archive.fetch("toy==1", "toy.whl", SHA256) == home / "toy.whl"


def test_a_broken_cached_file_is_fetched_again(home, monkeypatch):
    home.mkdir(parents=True)
    (home / "toy.whl").write_bytes(CONTENT[:3])
    monkeypatch.setitem(archive._CLIENTS, "pip", a_client(CONTENT, []))
    assert archive.fetch("toy==1", "toy.whl", SHA256).read_bytes() == CONTENT


def test_a_wrong_hash_is_an_error_and_nothing_is_kept(home, monkeypatch):
    calls = []
    monkeypatch.setitem(archive._CLIENTS, "pip", a_client(b"other", calls))
    with pytest.raises(ValueError, match=f"toy==1.*{SHA256}.*{hashlib.sha256(b'other').hexdigest()}"):
        archive.fetch("toy==1", "toy.whl", SHA256)
    assert calls == ["toy==1"]
    assert not list(home.iterdir())


def test_an_interrupted_download_leaves_nothing(home, monkeypatch):
    def client(requirement, sha256, scratch):
        (scratch / "half").write_bytes(CONTENT[:3])
        assert not (home / "toy.whl").exists()
        raise KeyboardInterrupt

    monkeypatch.setitem(archive._CLIENTS, "pip", client)
    with pytest.raises(KeyboardInterrupt):
        archive.fetch("toy==1", "toy.whl", SHA256)
    assert not list(home.iterdir())


def test_an_unknown_client_is_an_error():
    with pytest.raises(ValueError, match=r"`client` must be one of \['pip'\]; received 'ftp'"):
        archive.fetch("toy==1", "toy.whl", SHA256, client="ftp")


def test_pip_brings_an_sdist_without_running_its_setup(home, index, tmp_path):
    marker = tmp_path / "setup.py ran"
    sha256 = sdist(index / "toy-corpus-1.0.tar.gz", marker)
    path = archive.fetch("toy-corpus==1.0", "toy-corpus-1.0.tar.gz", sha256)
    assert archive.read_member(path, "toy-corpus-1.0/corpus.txt").decode() == "北京 S-LOC"
    assert not marker.exists()


def test_that_marker_would_have_been_written_by_plain_pip(index, tmp_path):
    pytest.importorskip("setuptools", reason="pip runs setup.py by setuptools")
    marker = tmp_path / "setup.py ran"
    sdist(index / "toy-corpus-1.0.tar.gz", marker)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-build-isolation",
        "-d",
        str(tmp_path),
        "toy-corpus",
    ]
    subprocess.run(command, check=False, capture_output=True)
    assert marker.exists()


def test_pip_brings_a_wheel(home, index):
    sha256 = wheel(index / "toy_wheel-1.0-py3-none-any.whl")
    path = archive.fetch("toy-wheel==1.0", "toy_wheel-1.0-py3-none-any.whl", sha256)
    assert archive.read_member(path, "toy/corpus.txt") == b"corpus"


def test_pip_refuses_another_hash_before_looking_inside(home, index, tmp_path):
    marker = tmp_path / "setup.py ran"
    received = sdist(index / "toy-corpus-1.0.tar.gz", marker)
    with pytest.raises(ValueError, match=f"toy-corpus==1.0: .*{SHA256}; received one with {received}"):
        archive.fetch("toy-corpus==1.0", "toy-corpus-1.0.tar.gz", SHA256)
    assert not marker.exists()
    assert not list(home.iterdir())


def test_offline_says_where_to_put_the_file(home, index):
    with pytest.raises(
        RuntimeError, match=r"could not download toy==1 with pip: ERROR: No matching distribution.*toy==1"
    ) as error:
        archive.fetch("toy==1", "toy.whl", SHA256)
    assert f"put a copy of toy.whl (sha256 {SHA256}) at {home / 'toy.whl'}" in str(error.value)
    assert "\n" not in str(error.value)


def test_without_pip_the_error_says_so(home, monkeypatch):
    gone = subprocess.CompletedProcess([], 1, stdout="", stderr="/usr/bin/python: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: gone)
    with pytest.raises(RuntimeError, match="could not download toy==1 with pip: /usr/bin/python: No module named pip"):
        archive.fetch("toy==1", "toy.whl", SHA256)


@pytest.mark.parametrize(("writable", "base"), [(True, "/home/someone"), (False, "/tmp")])
def test_the_cache_stands_in_the_home_of_keras(monkeypatch, writable, base):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setattr(os, "access", lambda path, mode: writable)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert archive.cache_dir() == Path(base, ".keras", "keras_blog")
    monkeypatch.setenv("KERAS_HOME", "/elsewhere")
    assert archive.cache_dir() == Path("/elsewhere/keras_blog")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_missing_member_is_an_error(tmp_path, kind):
    path = tmp_path / "toy_wheel-1.0-py3-none-any.whl"
    wheel(path) if kind == "zip" else sdist(path, "marker")
    with pytest.raises(
        ValueError, match=r"`member` must name a file in .*whl; received 'corpus.txt', which is not in it"
    ):
        archive.read_member(path, "corpus.txt")


def test_a_folder_is_no_member(tmp_path):
    path = tmp_path / "toy.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(tmp_path, "folder", recursive=False)
    with pytest.raises(ValueError, match="received 'folder'"):
        archive.read_member(path, "folder")


def test_another_file_is_no_archive(tmp_path):
    path = tmp_path / "toy.whl"
    path.write_bytes(b"no archive at all")
    with pytest.raises(ValueError, match=r"`path` must be a zip or tar file; received .*toy\.whl"):
        archive.read_member(path, "corpus.txt")
