"""The plugins' rows of bench/whole.py: what kernel-install waits for, against copying and hashing the initrd.

Owns the staging areas and their initrds; refuses to know how time is taken. The plugins are started by a shell
in the order of their names, as kernel-install does, and the peer's cp and sha256sum are, too.
"""

import random
import shlex
import subprocess

import measure

RELEASE = "6.12.0-bench"
IMAGE_SIZE = 50 << 20  # bytes of the compressed part of an initrd: a large generic one


def _environment(staging, conf):
    """As systemd 254 and later call plugins. The settings' root is empty: defaults, and what is told."""
    return {
        "KERNEL_INSTALL_STAGING_AREA": staging, "KERNEL_INSTALL_LAYOUT": "bls", "KERNEL_INSTALL_IMAGE_TYPE": "pe",
        "KERNEL_INSTALL_VERBOSE": "0", "KERNEL_INSTALL_CONF_ROOT": conf, "KIP_ROOT": conf,
        "KERNEL_INSTALL_ENTRY_TOKEN": "token",
    }  # fmt: skip


def _shell(name, script, environment=(), check=None):
    words = [f"{key}={value}" for key, value in dict(environment).items()]
    return measure.Command(name, ["/usr/bin/env", *words, "/bin/sh", "-ec", script], check=check)


def _call(programs, name, where):
    return shlex.join([str(programs / name), "add", RELEASE, str(where / "entry"), str(where / "vmlinuz")])


def cases(programs, tree, spec, where):
    """(what, subject, peer, limit in milliseconds over the peer or None) of each measurement."""
    conf = where / "conf"
    conf.mkdir()
    rest = where / "rest"
    rest.write_bytes(b"\x28\xb5\x2f\xfd" + random.Random(50).randbytes(IMAGE_SIZE))
    early = where / "early.cpio"
    pack = [programs / "ucode-pack", "-q", "--cpu", spec, "--firmware", tree, "-o", early]
    subprocess.run([str(word) for word in pack], check=True)
    told = {"KIP_CPU": spec, "KIP_FIRMWARE": tree}
    both = "; ".join(_call(programs, name, where) for name in ("45-kip-microcode", "58-kip-image"))
    for what, base, limit, same in (
        ("base covered", early.read_bytes() + rest.read_bytes(), 40, True),
        ("base without microcode, 50 MiB", rest.read_bytes(), None, False),
    ):
        staging = where / what.split(",")[0].replace(" ", "-")
        staging.mkdir(mode=0o700)
        source, staged = where / f"{staging.name}.img", staging / "initrd"
        source.write_bytes(base)
        staged.write_bytes(base)
        # What is merged has to be made anew for each run; so does the peer's copy.
        renew = "" if same else f"cp {shlex.quote(str(source))} {shlex.quote(str(staged))}; "

        def check(staged=staged, base=base, same=same):
            return None if (staged.read_bytes() == base) == same else f"'{staged}' is not what it should be"

        subject = _shell("plugins 45, 58", renew + both, _environment(staging, conf) | told, check)
        copy = shlex.quote(str(where / "copy"))
        peer = _shell("cp, sha256sum", f"{renew}cp {shlex.quote(str(source))} {copy}; sha256sum {copy}")
        yield f"plugins, {what}", subject, peer, limit
    staging = where / "guest"
    staging.mkdir(mode=0o700)
    for name in ("45-kip-microcode", "58-kip-image"):
        subject = _shell(name, _call(programs, name, where), _environment(staging, conf))
        yield f"{name} in a guest or container", subject, _shell("true", "/bin/true"), 5
