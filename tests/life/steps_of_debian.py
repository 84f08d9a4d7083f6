"""The life of a Debian 13: real kernels and modules. At three points the image is booted."""

import os

import debian
import goods
from debian import BOOTED, MODULE, NEW, OLD, SECOND
from fault import require
from step import Step, stale
from system import CONF_OF_PACKAGES, TOKEN

_CPU = "microcode 19-01-01"
_RULE = f"[Modules]\nInclude={MODULE}\n"


def _installing(key):
    def act(system):
        debian.kernel(system, key)
        debian.modules(system, key)
        done = system.install(debian.release(key))
        require(done.exit == 0, f"kernel-install: {done}")

    name = debian.release(key)
    return Step(f"install {name}", act, adds=(name,), calls=(f"add {name}",))


def _modprobe(number):
    return lambda system: system.write("etc/modprobe.d/kip-test.conf", f"options {MODULE} number={number}\n")


def table(layout):
    """All steps."""
    first, second = debian.release(BOOTED), debian.release(SECOND)
    both = (first, second)
    swapped = "rebuilt" if layout == "uki" else "swapped"

    def image(system, name):
        return system.path(f"efi/EFI/Linux/{TOKEN}-{name}.efi" if layout == "uki" else f"efi/{TOKEN}/{name}/initrd")

    def remove(system):
        done = system.run("kernel-install", "remove", second)
        require(done.exit == 0, f"kernel-install remove: {done}")
        system.remove(f"boot/vmlinuz-{second}")

    def change(name, act, *changes, does="rebuilt", kernels=both, **more):
        return Step(name, act, dict.fromkeys(kernels, stale(*changes)), dict.fromkeys(kernels, does), **more)

    yield _installing(SECOND)
    yield _installing(BOOTED)
    yield Step("the first boot", lambda system: debian.boot(system, layout, OLD))
    yield Step("microcode for another machine", lambda s: goods.microcode(s, "skylake"))
    yield change("newer microcode", lambda s: goods.microcode(s, "milan", file=debian.ODD),
                 f"{_CPU}: {OLD:#010x} -> {NEW:#010x}", does=swapped)
    yield Step("the boot after new microcode", lambda system: debian.boot(system, layout, NEW))
    # Which of the kernel's own come along depends on how it was built.
    names = ("firmware kip/test.bin", "module kip_test_base", f"module {MODULE}", "module nls_utf8")
    yield change("a package's rule wants a module", lambda s: [_modprobe(7)(s), goods.snippet(s, "20-test", _RULE)],
                 *(f"{name}: none -> " for name in names), "...")
    yield Step("the boot after a module came", lambda system: debian.boot(system, layout, NEW, 7))
    yield Step("it is built again to the same bytes", lambda s: [debian.modules(s, key) for key in (BOOTED, SECOND)])
    yield change("modprobe.d says something else", _modprobe(8), "modprobe ")
    yield change("the module is signed now", lambda s: debian.modules(s, BOOTED, signed=True), f"module {MODULE}: ",
                 "module kip_test_base: ", kernels=(first,))
    yield Step("the boot after it was built anew", lambda system: debian.boot(system, layout, NEW, 8))
    yield Step("an image of which half was copied", lambda s: os.truncate(image(s, second), 5000),
               {second: ("foreign", ())}, {second: "rebuilt"})
    yield Step("an image that is not there", lambda s: image(s, first).unlink(), {first: ("missing", ())},
               {first: "rebuilt"})
    yield change("the package is removed", lambda s: s.remove(f"{CONF_OF_PACKAGES}/20-test.conf"),
                 *(f"{name}: " for name in names), "...")
    yield Step("a kernel is removed", remove, drops=(second,), calls=(f"remove {second}",))


def short(layout):
    """One kernel."""
    name = debian.release(BOOTED)
    swapped = "rebuilt" if layout == "uki" else "swapped"
    yield _installing(BOOTED)
    yield Step("newer microcode", lambda s: goods.microcode(s, "milan", file=debian.ODD),
               {name: stale(f"{_CPU}: {OLD:#010x} -> {NEW:#010x}")}, {name: swapped})
    yield Step("a package's rule wants a module", lambda s: goods.snippet(s, "20-test", _RULE),
               {name: stale("firmware kip/test.bin: none -> ", f"module {MODULE}: none -> ", "...")}, {name: "rebuilt"})
    yield Step("the boot", lambda system: debian.boot(system, layout, NEW, 1))
