"""The table of situations. Standard is what every change runs; the rest takes chroots, boots, or many kills."""

from collections.abc import Callable
from dataclasses import dataclass

import accidents
import alike
import kills
import lives
import turns


@dataclass(frozen=True)
class Situation:
    """`run` is called with the directory of programs, a scratch directory, and what takes a line for each step."""

    name: str
    run: Callable
    tier: str = "standard"
    seeded: bool = False  # takes `seed`, too


def table():
    """All situations in running order."""
    return [
        Situation("life@252", lives.whole),
        Situation("life-debian@252", lives.with_debians_generator),
        Situation("generator-fails@252", accidents.generator_fails),
        Situation("one-is-named@252", accidents.one_is_named),
        Situation("told-by-environment@252", accidents.told_by_environment),
        Situation("boot-counting@252", accidents.boot_counting),
        Situation("newer-record@252", accidents.newer_record),
        Situation("plugins-are-gone@252", accidents.plugins_are_gone),
        Situation("no-kernel-install@252", accidents.no_kernel_install),
        Situation("boot-is-full@252", accidents.boot_is_full),
        Situation("two-at-once@252", turns.two_at_once),
        Situation("change-in-between@252", turns.change_in_between),
        Situation("orphans-are-waited-for@252", turns.orphans_are_waited_for),
        Situation("alike@252", alike.some),
        Situation("alike-every-way@252", alike.every, "all"),
        Situation("killed-swap@252", kills.swap, seeded=True),
        Situation("killed-rebuild@252", kills.rebuild, seeded=True),
        Situation("life@257", lives.debian_13, "all"),
        Situation("life@257-uki", lives.debian_13_unified, "all"),
        Situation("life@262", lives.next_debian, "all"),
        Situation("life@262-uki", lives.next_debian_unified, "all"),
        Situation("killed-swap-every@252", kills.swap_every, "all", seeded=True),
        Situation("killed-rebuild-every@252", kills.rebuild_every, "all", seeded=True),
    ]
