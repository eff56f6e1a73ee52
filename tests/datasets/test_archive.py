import hashlib
import io
import os
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


def a_client(content, calls):
    def client(requirement, sha256, scratch, filename):
        calls.append(requirement)
        (scratch / "came").write_bytes(content)
        return scratch / "came"

    return client


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
    def client(requirement, sha256, scratch, filename):
        (scratch / "half").write_bytes(CONTENT[:3])
        assert not (home / "toy.whl").exists()
        raise KeyboardInterrupt

    monkeypatch.setitem(archive._CLIENTS, "pip", client)
    with pytest.raises(KeyboardInterrupt):
        archive.fetch("toy==1", "toy.whl", SHA256)
    assert not list(home.iterdir())


def test_an_unknown_client_is_an_error():
    with pytest.raises(ValueError, match=r"`client` must be one of \['npm', 'pip'\]; received 'ftp'"):
        archive.fetch("toy==1", "toy.whl", SHA256, client="ftp")


@pytest.mark.parametrize(("writable", "base"), [(True, "/home/someone"), (False, "/tmp")])
def test_the_cache_stands_in_the_home_of_keras(monkeypatch, writable, base):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setattr(os, "access", lambda path, mode: writable)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert archive.cache_dir() == Path(base, ".keras", "keras_blog")
    monkeypatch.setenv("KERAS_HOME", "/elsewhere")
    assert archive.cache_dir() == Path("/elsewhere/keras_blog")


@pytest.fixture(params=["zip", "tar.gz"])
def packed(request, tmp_path):
    path = tmp_path / f"toy.{request.param}"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("toy/corpus.txt", CONTENT)
    else:
        with tarfile.open(path, "w:gz") as file:
            about = tarfile.TarInfo("toy/corpus.txt")
            about.size = len(CONTENT)
            file.addfile(about, io.BytesIO(CONTENT))
    return path


def test_a_member_is_read(packed):
    assert archive.read_member(packed, "toy/corpus.txt") == CONTENT


def test_a_missing_member_is_an_error(packed):
    with pytest.raises(ValueError, match=r"`member` must name a file in .*toy\..*; received 'corpus.txt', which is not in it"):
        archive.read_member(packed, "corpus.txt")


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


def test_npm_brings_an_archive_and_runs_nothing_of_it(home, monkeypatch, tmp_path):
    """A stand-in for npm that writes what it was asked for."""
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\n[ "$1 $2 $3" = "pack toy@1 --ignore-scripts" ] && printf "the archive" > "$6/toy-1.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert archive.fetch("toy@1", "toy-1.tgz", SHA256, client="npm").read_bytes() == CONTENT
    with pytest.raises(RuntimeError, match=r"could not download other@1 with npm: exit status 1\. To go on without"):
        archive.fetch("other@1", "other-1.tgz", SHA256, client="npm")


def test_without_npm_the_message_says_so(home, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="npm is not installed"):
        archive.fetch("toy@1", "toy-1.tgz", SHA256, client="npm")
