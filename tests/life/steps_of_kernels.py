"""The life goes on: kernels come before their modules, go, and are booted; what refresh has to refuse."""

import goods
from fault import require
from goods import OTHER, THIRD
from step import Step, stale
from steps import BOTH, rebuilt, swapped, NEW, NEWER

ALL = (*BOTH, THIRD)
# The module, with all that comes along.
COMES = ("firmware kip/top.bin: none -> ", "module helper: none -> ", "module top: none -> 1")
GOES = ("firmware kip/top.bin: ", "module helper: ", "module top: 1 -> none")


def remove(system, kernel):
    """By the package's script, files behind it."""
    done = system.run("kernel-install", "remove", kernel)
    require(done.exit == 0, f"kernel-install remove: {done}")
    for file in (f"boot/vmlinuz-{kernel}", f"boot/config-{kernel}", f"usr/lib/modules/{kernel}"):
        if system.path(file).exists():
            system.remove(file)


def install_alone(system, exit_status=0):
    """The third kernel without its module, as packages have it whose modules are built later."""
    goods.kernel(system, THIRD)
    done = system.install(THIRD)
    require(done.exit == exit_status, f"kernel-install: {done}")


def news_item():
    """Steps 1 to 4 of Gentoo's news item: kernel, image without the module, module, image again."""
    add = (f"add {THIRD}",)
    yield Step("a kernel comes before its module", install_alone, adds=(THIRD,), calls=add)
    yield rebuilt("its module is built", lambda s: goods.module(s, THIRD), *COMES, kernels=(THIRD,))
    yield Step("the kernel is removed", lambda s: remove(s, THIRD), drops=(THIRD,), calls=(f"remove {THIRD}",))

    pending, waits = {THIRD: ("pending", ())}, {THIRD: "waiting"}
    yield Step("the module is required", lambda s: goods.settings(s, "Require=top"), rewords=True)
    yield Step("a kernel comes before the module that is required", lambda s: install_alone(s, 1), pending, waits,
               adds=(THIRD,), calls=add)
    yield Step("the module is built, and damaged at once",
               lambda s: s.write(goods.module_file(THIRD), "no module"), pending, waits)
    yield Step("the module is built at last", lambda s: goods.module(s, THIRD), pending, {THIRD: "rebuilt"})
    gone = {THIRD: stale(*GOES)}
    yield Step("the required module goes", lambda s: goods.no_module(s, THIRD, "top"), gone, waits, same_base=False)
    yield Step("the required module comes back", lambda s: goods.module(s, THIRD))
    yield Step("the kernel is removed again", lambda s: remove(s, THIRD), drops=(THIRD,), calls=(f"remove {THIRD}",))

    yield Step("its lack is only to be warned of", lambda s: goods.settings(s, "Require=top\nOnRequire=warn"), rewords=True)
    yield Step("a kernel comes before its module", install_alone, pending, waits, adds=(THIRD,), calls=add)
    yield Step("the module is built", lambda s: goods.module(s, THIRD),
               {THIRD: ("pending", COMES)}, {THIRD: "rebuilt"})
    yield Step("nothing is required any more", goods.settings, rewords=True)


def refused():
    """The entry would be another one, so nothing is done."""
    refuse = {OTHER: "refused"}
    other = {OTHER: stale("module top: 3 -> 4")}
    yield Step("another command line, and a module", lambda s: [
        s.write("etc/kernel/cmdline", "root=/dev/vdb\n"), goods.module(s, OTHER, version="4")], other, refuse,
        says="cmdline", same_base=False)
    yield Step("no command line, and a module", lambda s: s.remove("etc/kernel/cmdline"), other, refuse, says="cmdline",
               same_base=False)
    yield rebuilt("the old command line, and a module", lambda s: s.write("etc/kernel/cmdline", "root=/dev/vda quiet\n"),
                  "module top: 3 -> 4", kernels=(OTHER,))
    yield swapped("no command line, and microcode alone", lambda s: [
        s.remove("etc/kernel/cmdline"), goods.microcode(s, "skylake")], NEWER, NEW, kernels=ALL, same_base=False,
        undo=lambda s: s.write("etc/kernel/cmdline", "root=/dev/vda quiet\n"))
    yield Step("$BOOT is not mounted", lambda s: s.unmount_boot(), dict.fromkeys(ALL, ("missing", ())),
               dict.fromkeys(ALL, "refused"), says="mount /", same_base=False, undo=lambda s: s.mount_boot())


def removed_by_hand(system):
    """The administrator deletes files."""
    for file in (f"boot/vmlinuz-{THIRD}", f"boot/config-{THIRD}", f"usr/lib/modules/{THIRD}"):
        system.remove(file)


def gone():
    """A kernel is not there any more, and kip is not told."""
    what = {THIRD: stale(*GOES)}
    yield Step("a kernel is removed by hand", removed_by_hand, what, {THIRD: "refused"},
               says=f"kernel-install remove {THIRD}", same_base=False)
    yield Step("and then as it was said", lambda s: remove(s, THIRD), drops=(THIRD,), calls=(f"remove {THIRD}",))


def table():
    """All of them."""
    return [step for group in (news_item, refused, gone) for step in group()]
