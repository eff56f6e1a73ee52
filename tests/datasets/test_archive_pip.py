import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from keras_blog.datasets import archive

OTHER_SHA256 = hashlib.sha256(b"another archive").hexdigest()


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
        zip_file.writestr("toy_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        zip_file.writestr("toy_wheel-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
    with pytest.raises(ValueError, match=f"toy-corpus==1.0: .*{OTHER_SHA256}; received one with {received}"):
        archive.fetch("toy-corpus==1.0", "toy-corpus-1.0.tar.gz", OTHER_SHA256)
    assert not marker.exists()
    assert not list(home.iterdir())


def test_offline_says_where_to_put_the_file(home, index):
    with pytest.raises(
        RuntimeError, match=r"could not download toy==1 with pip: ERROR: No matching distribution.*toy==1"
    ) as error:
        archive.fetch("toy==1", "toy.whl", OTHER_SHA256)
    assert f"put a copy of toy.whl (sha256 {OTHER_SHA256}) at {home / 'toy.whl'}" in str(error.value)
    assert "\n" not in str(error.value)


def test_without_pip_the_error_says_so(home, monkeypatch):
    gone = subprocess.CompletedProcess([], 1, stdout="", stderr="/usr/bin/python: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: gone)
    with pytest.raises(RuntimeError, match="could not download toy==1 with pip: /usr/bin/python: No module named pip"):
        archive.fetch("toy==1", "toy.whl", OTHER_SHA256)


def test_pip_brings_a_wheel_built_for_another_python_and_system(home, index):
    name = "toy_wheel-1.0-cp311-cp311-win_amd64.whl"
    sha256 = wheel(index / name)
    assert archive.read_member(archive.fetch("toy-wheel==1.0", name, sha256), "toy/corpus.txt") == b"corpus"
