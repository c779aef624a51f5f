"""The root directory of a bare Debian, with what it needs of this host to install packages, and the checkout.

mmdebstrap(1) makes it, and what it made is kept for a week in tests/.cache. Knows nothing of how it is entered.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support import require

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / "tests" / ".cache"
SOURCE = "root/tuicont"
"""Where the checkout's copy is, below the root directory."""

HOST = "/run/host"
"""Where files of the host that pip's configuration names are to be seen inside."""

_NO_KERNEL = "Package: linux-image-amd64\nPin: release *\nPin-Priority: -1\n"
"""Nothing boots there, and its kernel would be most of the time; other distributions have no package of that name."""

_ACQUIRE = re.compile(r"Acquire::(Check-|ForceIPv|Retries|https?::)")


def make_bare_root(suite: str, root: Path) -> set[str]:
    """Fill `root`, an empty directory. The directories below the host's "/" that are to be seen below `HOST`."""
    subprocess.run(["tar", "-C", root, "-xpf", _tarball(suite)], check=True)
    (root / "etc/apt/preferences.d/no-kernel").write_text(_NO_KERNEL)
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).unlink(missing_ok=True)  # as a link it would lead to the host's own
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    text, directories = _pip_configuration()
    (root / "etc/pip.conf").write_text(text)
    _copy_checkout(root / SOURCE)
    return directories


def _tarball(suite: str) -> Path:
    CACHE.mkdir(exist_ok=True)
    made = CACHE / f"{suite}-{time.strftime('%G-%V')}.tar"
    if not made.exists():
        for old in CACHE.glob(f"{suite}-*.tar"):
            old.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as directory:
            settings, new = Path(directory, "apt.conf"), Path(directory, "root.tar")
            settings.write_text("\n".join(_apt_settings()))
            # make is what the README's two commands are typed to; all else they have to bring.
            what = ["--variant=minbase", "--include=make", f"--aptopt={settings}", suite, str(new)]
            subprocess.run([require("mmdebstrap"), "--quiet", *what], check=True, stdin=subprocess.DEVNULL)
            new.rename(made)
    return made


def _apt_settings() -> Iterator[str]:
    """How this host comes to packages: proxies and the like."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return (line for line in dump.splitlines() if _ACQUIRE.match(line))


def _pip_configuration() -> tuple[str, set[str]]:
    """This host's settings of pip, from files and environment, as one file; and the directories of the host's "/" with
    the certificates, indexes and the like that they name. In the file these are below `HOST`."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings, directories = configparser.RawConfigParser(), set[str]()
    # What the environment says goes before what any file says.
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        section, _, key = name.replace(":env:", "global").partition(".")
        words = []
        for word in str(ast.literal_eval(value)).split():
            scheme, path = ("file://", word[7:]) if word.startswith("file://") else ("", word)
            if path.startswith("/") and os.path.exists(path):
                directories.add(path.split("/")[1])
                path = HOST + path
            words.append(scheme + path)
        if section not in settings:
            settings.add_section(section)
        settings[section][key] = "\n".join(words)
    with tempfile.TemporaryFile("w+") as file:
        settings.write(file)
        file.seek(0)
        return file.read(), directories


def _copy_checkout(target: Path) -> None:
    """What git tracks here and what it does not ignore: no virtual environment, nothing that was built."""
    git = [require("git"), "-c", "safe.directory=*", "-C", str(CHECKOUT)]
    listed = subprocess.run([*git, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (CHECKOUT / name).is_file():  # and not removed since
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name, follow_symlinks=False)
