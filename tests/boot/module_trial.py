"""One overlay from start to verdict: pack it against the base, join, inspect, boot, ask the guest's modprobe."""

import atexit
import binascii
import functools
import json
import subprocess
import tempfile
from pathlib import Path

import cpus
import guest
import image_trial
import kernels
import module_parts
import newc
import rootfs
from fault import Fault, require
from image_parts import Part

import module_tree  # realmodules' own, like the next two: module_parts knows the way
import overlay_judge
from kmod_pack import Program
from policy_cases import KIP


@functools.cache
def _tree(key):
    """The kernel's tree with our modules, until the run ends."""
    place = tempfile.TemporaryDirectory(prefix=".boots-", dir=kernels.cache().parent)
    atexit.register(place.cleanup)
    return module_tree.whole(Path(place.name) / "root", key, merged=key != "6.1")


def _pack(case, programs, tree, base, scratch):
    """The overlay that kmod-pack makes for the base."""
    tree.write(KIP, f"[Modules]\nInclude={case.include}\n")
    (scratch / "base").write_bytes(base.data)
    _, data = Program(programs / "kmod-pack", tree).pack(scratch / "base", scratch / "overlay")
    data = case.damage(data)
    return Part("overlay", data, newc.tree(overlay_judge.decompressed(data)))


def _inspect(case, programs, image, release):
    """inspect must name the case's faults and no others."""
    command = [programs / "initrd-pack", "inspect", "--as-kernel", "--json", "--kernel", release, image]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    require(done.returncode == (1 if case.rules else 0), f"inspect: exit {done.returncode}: {done.stderr[-300:]}")
    rules = {it["rule"] for it in json.loads(done.stdout)["findings"] if it["severity"] != "note"}
    require(rules == set(case.rules), f"inspect: finds {sorted(rules)}, not {case.rules}")


def _names(tree, asked):
    """The modules that modprobe loads for a name on the host, as the kernel calls them."""
    lines = overlay_judge.modprobe(tree.root, tree.kernel.release, asked)
    require(lines, f"modprobe {asked}: not found on the host")
    return {line.split(" ")[0].rpartition("/")[2].partition(".ko")[0].replace("-", "_") for line in lines}


def _judge_modules(case, tree, boot):
    """What was asked for, what is loaded, what our module got."""
    asked = boot.lines("asked")
    for (words, succeeds), line in zip(case.asks, asked, strict=True):
        status = line.removeprefix(f"{words} -> ")
        require((status == "0") == succeeds, f"guest: modprobe {line}, should {'succeed' if succeeds else 'fail'}")
    wanted = set().union(*(_names(tree, name) for name in case.loads))
    loaded = set(boot.lines("loaded"))
    require(loaded == wanted, f"guest: loaded are {sorted(loaded)}, should be {sorted(wanted)}")
    number = module_tree.MODPROBE_LINE.rpartition("=")[2]
    data = module_tree.FIRMWARE
    told = [f"number={number} firmware={len(data)}:{binascii.crc_hqx(data, 0):04x}"] * case.says
    require(boot.lines("said") == told, f"guest: the module says {boot.lines('said')}, should say {told}")
    return f"asked={len(asked)} loaded={len(loaded)}"


def run(case, programs, _corpus, scratch):
    """Carries out one case below `scratch`; the evidence for its line, or a Fault."""
    require((programs / "kmod-pack").is_file(), f"needs a built kmod-pack ('{programs}')")
    tree = _tree(case.kernel)
    release = tree.kernel.release
    base = case.base(tree)
    made = [base, _pack(case, programs, tree, base, scratch), module_parts.init(case.asks)]
    image = image_trial.join(programs, made, scratch)
    _inspect(case, programs, scratch / "joined", release)
    cpu = cpus.SKYLAKE.qemu(None, hypervisor=False)
    boot = guest.boot(tree.kernel.image, image, cpu, words=(f"rdinit={module_parts.INIT}",))
    try:
        require(boot.lines("kernel") == [release], f"guest: runs '{boot.lines('kernel')}', not {release}")
        require(not boot.complaints(), f"guest: the kernel says '{boot.complaints()}'")
        modules = _judge_modules(case, tree, boot)
        front = newc.trees(image[: image.index(base.kept)])  # an early part, if the base has one
        trees = [*front, *(part.tree for part in made)]
        files = image_trial.judge_files(boot, rootfs.files(rootfs.unpack(trees)))
        return f"{modules} overlay={len(made[1].data)} {files} kernel={release}"
    except Fault as fault:
        fault.log = boot.serial
        raise
