"""Packages of Debian 13 and its backports for the host's apt, from the host's mirror, with lists of their own.

The host's sources and lists stay as they are; nothing of these suites can be installed by accident.
"""

import functools
import os
import sys
from pathlib import Path

from fault import require

sys.path.append(str(Path(__file__).resolve().parent.parent / "install"))

import chroots  # noqa: E402

SUITES = ("trixie-backports",)


@functools.cache
def options():
    """Options for apt's programs; the lists are empty before mirror.update_lists() with them."""
    mirrors = chroots.mirrors()
    require("bookworm" in mirrors, "needs a mirror: apt's sources do not have 'bookworm'")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    place = Path(os.environ.get("KIP_CACHE") or Path(home) / "kip") / "apt"
    for directory in ("lists/partial", "cache/archives/partial"):
        (place / directory).mkdir(parents=True, exist_ok=True)
    sources = place / "sources.list"
    sources.write_text("".join(f"deb {mirrors['bookworm']} {suite} main\n" for suite in SUITES))
    settings = {
        "Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "-", "Dir::State::lists": place / "lists",
        "Dir::Cache": place / "cache", "Dir::State::status": "/dev/null",
    }  # fmt: skip
    return tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
