"""What comes to the machine in its life: kernels, packages with modules, microcode, settings. All of it is made up."""

import os

import elf_module
import updates
from system import CONF, CONF_OF_PACKAGES, DRACUT_OF_PACKAGES, MADE_UP, MODULES, PLUGINS

# The one that runs sorts first by any rule, so that "last" is no accident.
RUNNING, OTHER, THIRD = os.uname().release, "99.0.0-other", "99.1.0-third"
SKYLAKE = "06-55-04"
FIRMWARE = "usr/lib/firmware"
UPDATES = f"{FIRMWARE}/intel-ucode/06-55-04"
SETTINGS = f"{CONF}/50-machine.conf"
TOP_FIRMWARE = f"{FIRMWARE}/kip/top.bin"


def kernel(system, name):
    """A kernel's package: the image, a module of its own."""
    system.write(f"boot/vmlinuz-{name}", b"MZ" + name.encode() * 100)
    system.write(f"boot/config-{name}", "CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\nCONFIG_RD_ZSTD=y\nCONFIG_MICROCODE=y\n")
    for file in ("modules.builtin", "modules.builtin.modinfo"):
        system.write(f"{MODULES}/{name}/{file}", "")
    system.write(f"{MODULES}/{name}/modules.order", "kernel/helper.ko\n")
    helper(system, name)
    system.depmod(name)


def helper(system, kernel_name, version="1"):
    """The kernel's own module."""
    data = elf_module.write("helper", kernel_name, intree="Y", version=version)
    system.write(f"{MODULES}/{kernel_name}/kernel/helper.ko", data)


def module(system, kernel_name, name="top", version="1", **info):
    """An out-of-tree module, as DKMS builds it. `top` needs the kernel's own, and firmware."""
    if name == "top":
        data = elf_module.write(name, kernel_name, ("helper",), version=version, firmware="kip/top.bin")
    else:
        data = elf_module.write(name, kernel_name, version=version, **info)
    system.write(f"{MODULES}/{kernel_name}/updates/dkms/{name}.ko", data)
    system.depmod(kernel_name)


def module_file(kernel_name, name="top"):
    """Where module() puts it."""
    return f"{MODULES}/{kernel_name}/updates/dkms/{name}.ko"


def no_module(system, kernel_name, name):
    """Its package goes."""
    system.remove(module_file(kernel_name, name))
    system.depmod(kernel_name)


def microcode(system, *names, file=UPDATES):
    """A file of a firmware package."""
    vendor = updates.VENDORS[names[0]]
    system.write(file, updates.file_of(vendor, names))


def settings(system, modules="Include=top", microcode_lines="", image="", cpu="skylake"):
    """The administrator's file. The modules' rules stand in front, for images tell of their lines."""
    text = f"[Modules]\n{modules}\n[Microcode]\nCpu={updates.SPECS[cpu]}\n{microcode_lines}\n[Image]\n{image}\n"
    system.write(SETTINGS, text)


def snippet(system, name, text, directory=CONF_OF_PACKAGES):
    """A package's rule, or the administrator's."""
    system.write(f"{directory}/{name}.conf", text)


def dracut_snippet(system, name, text):
    """A package's rule for dracut."""
    system.write(f"{DRACUT_OF_PACKAGES}/{name}.conf", text)


def generator_as_plugin(system):
    """The initrd is made by kernel-install."""
    system.write(f"{PLUGINS}/50-made-up.install", MADE_UP, 0o755)


def generator_of_debian(system):
    """The initrd is made before kernel-install, and 85 takes it."""
    system.write("usr/local/bin/update-initramfs", MADE_UP, 0o755)


def furnish(system):
    """What is there before the first kernel."""
    settings(system)
    microcode(system, "skylake-old")
    system.write(TOP_FIRMWARE, "first")
