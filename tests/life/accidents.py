"""Short lives with one thing that goes wrong, or is out of the ordinary: each situation is a machine of its own."""

import random

import goods
import reports
import scenes
import snapshot
import updates
from fault import require
from goods import OTHER, RUNNING
from system import CALLED, PLUGINS, TOKEN


def _made(system):
    return {name: snapshot.of(system.path(name)) for name in (system.esp, "var/lib/kip/manifests")}


def generator_fails(programs, scratch, _tell):
    """The first failure is the last thing that is tried; what booted boots."""
    with scenes.living(scratch, programs) as system:
        for kernel in (OTHER, RUNNING):
            goods.module(system, kernel, version="2")
        before = _made(system)
        system.write("etc/made-up.fails", "")
        scenes.refresh(system, 4, {OTHER: "failed", RUNNING: "not tried"})
        require(snapshot.differences(before[system.esp], _made(system)[system.esp]) == [], "a file of $BOOT changed")
        scenes.expect_states(system, {OTHER: "stale", RUNNING: "stale"})
        system.remove("etc/made-up.fails")
        scenes.refresh(system, 0, {OTHER: "rebuilt", RUNNING: "rebuilt"})
        scenes.expect_current(system)
    return "stopped at the first"


def one_is_named(programs, scratch, _tell):
    """Nothing else is touched; a kernel that is not known is an error before anything is done."""
    with scenes.living(scratch, programs) as system:
        goods.microcode(system, "skylake")
        before = _made(system)
        done = system.run("kip", "refresh", RUNNING, "6.6.6-none")
        require(done.exit == 3 and _made(system) == before, f"with an unknown kernel: {done}")
        scenes.refresh(system, 0, {RUNNING: "swapped"}, RUNNING)
        changed = snapshot.differences(before["boot"], _made(system)["boot"])
        require(changed and all(RUNNING in path for path in changed), f"refresh of {RUNNING} touched {changed}")
        scenes.expect_states(system, {OTHER: "stale", RUNNING: "current"})
    return "one of two"


def told_by_environment(programs, scratch, _tell):
    """KIP_CPU and KIP_FIRMWARE of the installation count for status and refresh without being set again."""

    def tell(system):
        goods.settings(system, cpu="cascade")
        goods.microcode(system, "skylake", file="usr/local/ucode/all")
        system.environment |= {"KIP_CPU": updates.SPECS["skylake"], "KIP_FIRMWARE": "/usr/local/ucode"}

    with scenes.living(scratch, programs, before=tell) as system:
        for name in ("KIP_CPU", "KIP_FIRMWARE"):
            del system.environment[name]
        scenes.expect_current(system, when=" without the environment")
        goods.microcode(system, "cascade")
        scenes.expect_current(system, when=" after microcode for the CPU of the settings")
        goods.microcode(system, "skylake-newer", file="usr/local/ucode/all")
        scenes.refresh(system, 0, {OTHER: "swapped", RUNNING: "swapped"})
        goods.module(system, OTHER, version="2")
        scenes.refresh(system, 0, {OTHER: "rebuilt", RUNNING: "current"})
        calls = [it["call"].get("KIP_CPU") for it in system.manifests().values()]
        require(calls == [updates.SPECS["skylake"]] * 2, f"recorded are {calls}")
        scenes.expect_current(system)
    return "as at the installation"


def boot_counting(programs, scratch, _tell):
    """The boot loader renames an entry, then blesses it; neither is a change, and a refresh counts anew."""

    def entries(system):
        return sorted(path.name for path in system.path("boot/loader/entries").glob(f"*{OTHER}*"))

    with scenes.living(scratch, programs, before=lambda system: system.write("etc/kernel/tries", "3\n")) as system:
        directory = system.path("boot/loader/entries")
        name = f"{TOKEN}-{OTHER}"
        require(entries(system) == [f"{name}+3.conf"], f"kernel-install wrote {entries(system)}")
        for was, now in ((f"{name}+3.conf", f"{name}+2-1.conf"), (f"{name}+2-1.conf", f"{name}.conf")):
            (directory / was).rename(directory / now)
            scenes.expect_current(system, when=f" of {now}")
        goods.microcode(system, "skylake")
        scenes.refresh(system, 0, {OTHER: "swapped", RUNNING: "swapped"})
        require(entries(system) == [f"{name}.conf"], f"a swap leaves {entries(system)}")
        goods.module(system, OTHER, version="2")
        scenes.refresh(system, 0, {OTHER: "rebuilt", RUNNING: "current"})
        # Up to systemd 259, kernel-install leaves the blessed one beside its own.
        require(f"{name}+3.conf" in entries(system), f"refresh leaves {entries(system)}")
        scenes.expect_current(system)
    return "counted anew"


def newer_record(programs, scratch, _tell):
    """A record of a later kip is told of and left alone; the others are done."""
    with scenes.living(scratch, programs) as system:
        record = f"var/lib/kip/manifests/{TOKEN}@1.2.3.json"
        system.write(record, '{"schema": 2}')
        goods.microcode(system, "skylake")
        found, code, _ = reports.status(system)
        require(code == 4 and set(found) == {OTHER, RUNNING}, f"status ends with {code}, tells of {sorted(found)}")
        done = scenes.refresh(system, 4, {OTHER: "swapped", RUNNING: "swapped"})
        require("schema" in done.out + done.err, f"refresh does not tell of it: {done}")
        require(system.path(record).read_text() == '{"schema": 2}', "the record was touched")
    return "left alone"


def plugins_are_gone(programs, scratch, _tell):
    """No image is made that would come back without kip's part."""
    with scenes.living(scratch, programs) as system:
        for name in ("58-kip-image", "86-kip-image"):
            system.write(f"etc/kernel/install.d/{name}.install", "")
        goods.module(system, OTHER, version="2")
        before = system.lines(CALLED)
        scenes.refresh(system, 1, {OTHER: "refused", RUNNING: "current"})
        require(system.lines(CALLED) == before, "kernel-install ran")
        scenes.expect_states(system, {OTHER: "stale", RUNNING: "current"})
    return "refused"


def no_kernel_install(programs, scratch, _tell):
    """With no work to do nobody needs it; with work, that is said."""
    with scenes.living(scratch, programs) as system:
        system.environment["KERNEL_INSTALL_BYPASS"] = "1"  # as builders of images have it
        scenes.refresh(system, 0, {OTHER: "current", RUNNING: "current"})
        goods.module(system, OTHER, version="2")
        before = system.lines(CALLED)
        scenes.refresh(system, 4, {OTHER: "failed", RUNNING: "not tried"})
        require(system.lines(CALLED) == before and system.path(PLUGINS).exists(), "kernel-install ran")
        scenes.expect_states(system, {OTHER: "stale", RUNNING: "current"})
    return "an error"


def boot_is_full(programs, scratch, _tell):
    """No room for a second copy: what boots stays whole, or is known not to be; with room again, it is completed."""

    def small(system):
        system.write(goods.TOP_FIRMWARE, random.Random(3).randbytes(4 << 20))
        done = system.run("sh", "-c", "mount -t tmpfs -o size=20m tmpfs /efi && mkdir -p /efi/loader/entries")
        require(done.exit == 0, f"mount: {done}")

    def images(system):
        return system.run("sh", "-c", f"cd /efi/{TOKEN}; find . -name '.*' -type f; sha256sum */initrd").out

    with scenes.living(scratch, programs, before=small, esp="efi") as system:
        before = images(system)
        fill = "dd if=/dev/zero of=/efi/fill bs=1M; rm -f /efi/loader/entries/fill; truncate -s -1M /efi/fill"
        system.run("sh", "-c", fill)
        goods.microcode(system, "skylake")
        done = scenes.refresh(system, 4, {OTHER: "failed", RUNNING: "not tried"})
        require("space" in done.out + done.err, f"it is not said why: {done}")
        require(images(system) == before, "a swap that fails leaves something else, or more")
        scenes.expect_states(system, {OTHER: "stale", RUNNING: "stale"})
        goods.module(system, OTHER, version="2")
        system.write(goods.TOP_FIRMWARE, random.Random(4).randbytes(6 << 20))
        scenes.refresh(system, 4, {OTHER: "failed", RUNNING: "not tried"})
        found = scenes.states(system)
        require(found[OTHER] in ("foreign", "missing") and found[RUNNING] == "stale", f"after half a copy: {found}")
        system.run("rm", "/efi/fill")
        scenes.refresh(system, 0, {OTHER: "rebuilt", RUNNING: "rebuilt"})
        scenes.expect_current(system)
    return "old or known to be broken, then completed"
