"""The life of a machine with two kernels, in the order in which it happens: each step finds what the one before left."""

import os

import goods
from goods import OTHER, RUNNING, SKYLAKE, UPDATES
from step import Step, stale
from system import CONF, CONF_OF_PACKAGES, DRACUT_OF_PACKAGES
from fault import require

BOTH = (OTHER, RUNNING)  # the running one is always the last
OLD, NEW, NEWER = "0x70000001", "0x7f000001", "0x7f000002"


def both(value):
    """The same for the two kernels."""
    return dict.fromkeys(BOTH, value)


def revision(was, now):
    """The change of this machine's update."""
    return stale(f"microcode {SKYLAKE}: {was} -> {now}")


def swapped(name, act, was, now, kernels=BOTH, **more):
    """Microcode alone changed."""
    return Step(name, act, dict.fromkeys(kernels, revision(was, now)), dict.fromkeys(kernels, "swapped"), **more)


def rebuilt(name, act, *changes, kernels=BOTH, **more):
    """Something else changed."""
    return Step(name, act, dict.fromkeys(kernels, stale(*changes)), dict.fromkeys(kernels, "rebuilt"), **more)


def installing(kernel):
    """A kernel's package with a module of DKMS, and what its script calls."""

    def act(system):
        goods.kernel(system, kernel)
        goods.module(system, kernel)
        done = system.install(kernel)
        require(done.exit == 0, f"kernel-install: {done}")

    return Step(f"install {kernel}", act, adds=(kernel,), calls=(f"add {kernel}",))


def by_hand(name, act, kernels=BOTH, **more):
    """kernel-install is run again by somebody else."""

    def both_acts(system):
        act(system)
        for kernel in kernels:
            done = system.install(kernel)
            require(done.exit == 0, f"kernel-install: {done}")

    return Step(name, both_acts, adds=kernels, calls=tuple(f"add {kernel}" for kernel in kernels), **more)


def each(act):
    """The same act for both kernels."""
    return lambda system: [act(system, kernel) for kernel in BOTH]


def touch(name):
    """Another time, the same bytes."""
    return lambda system: os.utime(system.path(name), (1_200_000_000, 1_200_000_000))


def moved(system):
    """The same update in another file of another directory, as a package's upgrade may have it."""
    goods.microcode(system, "cascade", "skylake", file=f"{goods.FIRMWARE}/intel-ucode/all")
    system.remove(UPDATES)


def first_steps():
    """The kernels come."""
    yield installing(RUNNING)
    yield installing(OTHER)
    yield Step("nothing happens", lambda system: None)


def of_microcode():
    """Firmware packages."""
    yield Step("microcode for another CPU of Intel's", lambda s: goods.microcode(s, "cascade", file=f"{UPDATES[:-1]}7"))
    yield Step("microcode of AMD's, and a file that is none", lambda s: [
        goods.microcode(s, "milan", file=f"{goods.FIRMWARE}/amd-ucode/microcode_amd_fam19h.bin"),
        s.write(f"{goods.FIRMWARE}/intel-ucode/README", "text\n")])
    yield swapped("a newer update for this CPU", lambda s: goods.microcode(s, "skylake"), OLD, NEW)
    yield Step("the update moves to another file", moved)
    yield Step("its file gets another time", touch(f"{goods.FIRMWARE}/intel-ucode/all"))
    yield Step("the older update is there as well", lambda s: goods.microcode(s, "skylake-old"))
    yield swapped("a still newer one", lambda s: goods.microcode(s, "skylake-newer"), NEW, NEWER)
    yield swapped("it is held", lambda s: goods.settings(s, microcode_lines="Hold=0x50654,,eq:0x7f000002"), NEWER, NEW)
    yield swapped("it is held no more", goods.settings, NEW, NEWER)
    pins = "".join(f"Pin=0x50654,,eq:{pinned}\n" for pinned in (OLD, NEW))
    yield swapped("others are pinned", lambda s: goods.settings(s, microcode_lines=pins), NEWER, NEW)
    yield swapped("the pins go", goods.settings, NEW, NEWER)


def of_modules():
    """DKMS and the kernel's own."""
    yield Step("a module is built again to the same bytes", each(goods.module))
    for name, kernel in (("it is built anew for one kernel", OTHER), ("and for the running one", RUNNING)):
        yield rebuilt(name, lambda s, kernel=kernel: goods.module(s, kernel, version="2"), "module top: 1 -> 2",
                      kernels=(kernel,))
    yield rebuilt("the kernel's own module that it needs", lambda s: goods.helper(s, RUNNING, version="2"),
                  "module helper: ", kernels=(RUNNING,))
    yield Step("a module comes that nobody wants", each(lambda s, k: goods.module(s, k, "spare")))
    yield Step("and is built anew", each(lambda s, k: goods.module(s, k, "spare", version="2")))
    yield rebuilt("firmware that a module names", lambda s: s.write(goods.TOP_FIRMWARE, "second"), "firmware kip/top.bin: ")
    yield Step("firmware that none names", lambda s: s.write(f"{goods.FIRMWARE}/kip/nobody.bin", "x"))
    yield rebuilt("modprobe.d says something of it",
                  lambda s: s.write("etc/modprobe.d/top.conf", "options top debug=1\n"), "modprobe ")
    yield Step("modprobe.d says something of another one",
               lambda s: s.write("etc/modprobe.d/a.conf", "options nobody debug=1\n"))


def of_policy():
    """Packages and the administrator."""
    include, omit = "[Modules]\nInclude=spare\n", "[Modules]\nOmit=spare\n"
    yield rebuilt("a package's rule wants another module", lambda s: goods.snippet(s, "20-spare", include),
                  "module spare: none -> ")
    yield rebuilt("the administrator overrides it", lambda s: goods.snippet(s, "20-spare", omit, CONF), "module spare: ")
    yield Step("policy says the same in other words", lambda s: [
        goods.settings(s, "# again\n\nInclude=to[p]"),
        goods.snippet(s, "20-spare", "[Modules]\n\nOmit=top\nOmit=\nOmit=spar[e]\n", CONF)],
               rewords=True)
    yield Step("dracut's files want it too, and kip's rule is stronger",
               lambda s: goods.dracut_snippet(s, "10-spare", 'add_drivers+=" spare "\n'))
    yield rebuilt("the override goes", lambda s: s.remove(f"{CONF}/20-spare.conf"), "module spare: none -> ")
    yield Step("the package's rule goes, and dracut's stays", lambda s: s.remove(f"{CONF_OF_PACKAGES}/20-spare.conf"),
               rewords=True)
    yield rebuilt("the package is removed", lambda s: [
        s.remove(f"{DRACUT_OF_PACKAGES}/10-spare.conf"), each(lambda s, k: goods.no_module(s, k, "spare"))(s)],
        "module spare: ")
    yield rebuilt("another compression", lambda s: goods.settings(s, image="Compression=gzip"), "setting Compression: ")
    yield rebuilt("the usual one again", goods.settings, "setting Compression: ")
    # In an image in which kip has no say nothing is recorded.
    yield rebuilt("Enabled=no", lambda s: goods.settings(s, image="Enabled=no"), "setting Enabled: yes -> no", forgets=BOTH)
    yield by_hand("Enabled=yes, and kernel-install by hand", goods.settings)


def of_cpus():
    """Another CPU is to be served, microcode goes and comes."""
    yield Step("another CPU", lambda s: goods.settings(s, cpu="cascade"),
               both(stale(f"microcode {SKYLAKE}: {NEWER} -> none", "microcode 06-55-07: none -> ")), both("swapped"))
    yield Step("this one again", goods.settings,
               both(stale("microcode 06-55-07: ", f"microcode {SKYLAKE}: none -> {NEWER}")), both("swapped"))
    yield rebuilt("the package of microcode goes", lambda s: s.remove(f"{goods.FIRMWARE}/intel-ucode"),
                  f"microcode {SKYLAKE}: {NEWER} -> none")
    yield swapped("and comes back", lambda s: goods.microcode(s, "skylake"), "none", NEW)
    two = stale(f"microcode {SKYLAKE}: {NEW} -> {NEWER}", "module top: 2 -> 3")
    yield Step("microcode and a module at once", lambda s: [
        goods.microcode(s, "skylake-newer"), goods.module(s, OTHER, version="3")],
        {OTHER: two, RUNNING: revision(NEW, NEWER)}, {OTHER: "rebuilt", RUNNING: "swapped"})


def of_images():
    """What is in place is not what was installed."""
    base = "the generator's own configuration changes, which nobody can know"
    yield Step(base, lambda s: s.write("etc/made-up.conf", "second\n"), same_base=False)
    yield swapped("microcode over the base as it is", lambda s: goods.microcode(s, "skylake"), NEWER, NEW, same_base=False)
    yield by_hand("kernel-install by hand takes the new base", lambda s: None)
    yield damaged("an image of which half was copied", lambda s, path: os.truncate(path, path.stat().st_size // 2), OTHER,
                  "foreign")
    yield damaged("an image that is not there", lambda s, path: path.unlink(), RUNNING, "missing")
    yield damaged("an image that somebody else wrote",
                  lambda s, path: path.write_bytes(path.read_bytes()[:-1] + b"x"), OTHER, "foreign")
    yield Step("an image that was only copied", lambda s: touch(s.initrd(OTHER))(s))
    yield Step("a damaged image, and newer microcode", lambda s: [
        os.truncate(s.path(s.initrd(OTHER)), 1000), goods.microcode(s, "skylake-newer")],
        {OTHER: ("foreign", (f"microcode {SKYLAKE}: {NEW} -> {NEWER}",)), RUNNING: revision(NEW, NEWER)},
        {OTHER: "rebuilt", RUNNING: "swapped"})


def damaged(name, act, kernel, state, **more):
    """One image is another one, or not there."""
    more = {"generates": False} | more
    return Step(name, lambda s: act(s, s.path(s.initrd(kernel))), {kernel: (state, ())}, {kernel: "rebuilt"}, **more)


def table():
    """All steps."""
    groups = (first_steps, of_microcode, of_modules, of_policy, of_cpus, of_images)
    return [step for group in groups for step in group()]
