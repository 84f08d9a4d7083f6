"""The row of `kip status` in bench/whole.py: five recorded entries, each with an image of half a gigabyte.

Owns a root in which the plugins have recorded entries; refuses to know how time is taken. The images are files with a
hole: whoever read one would take a second, whatever is in it.
"""

import json
import os
import shutil
import subprocess

import measure

KERNEL = "6.12.0-example"  # of make-example-modules
ENTRIES = 5
IMAGE_SIZE = 500 << 20


def _record(programs, root, token, spec):
    """One entry as kernel-install would make it, of an image that is then blown up."""
    staging, entry = root / f"staging-{token}", root / "boot" / token / KERNEL
    staging.mkdir(mode=0o700)
    entry.mkdir(parents=True)
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=b"usr\n", cwd=root, check=True, stdout=subprocess.PIPE)
    (staging / "initrd").write_bytes(archive.stdout)
    environment = os.environ | {
        "KERNEL_INSTALL_STAGING_AREA": str(staging), "KERNEL_INSTALL_LAYOUT": "bls", "KERNEL_INSTALL_IMAGE_TYPE": "pe",
        "KERNEL_INSTALL_CONF_ROOT": str(root), "KERNEL_INSTALL_ENTRY_TOKEN": token, "KERNEL_INSTALL_BOOT_ROOT": str(root / "boot"),
        "KIP_ROOT": str(root), "KIP_CPU": spec, "KIP_FIRMWARE": str(root / "firmware"),
    }  # fmt: skip
    for plugin in ("45-kip-microcode", "58-kip-image", "95-kip-record"):
        subprocess.run([programs / plugin, "add", KERNEL, entry, root / "vmlinuz"], env=environment, check=True)
        if plugin == "58-kip-image":
            shutil.copy(staging / "initrd", entry / "initrd")
    os.truncate(entry / "initrd", IMAGE_SIZE)
    path = root / f"var/lib/kip/manifests/{token}@{KERNEL}.json"
    manifest = json.loads(path.read_text())
    status = (entry / "initrd").stat()
    manifest["files"][0] |= {"size": status.st_size, "mtime": status.st_mtime_ns}
    path.write_text(json.dumps(manifest))


def case(programs, tree, spec, where):
    """(what, subject, peer, limit in milliseconds)."""
    root = where / "machine"
    root.mkdir()
    subprocess.run([programs / "make-example-modules", root], check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(tree, root / "firmware")
    for number in range(ENTRIES):
        _record(programs, root, f"token{number}", spec)

    def check():
        done = subprocess.run([programs / "kip", "status", "--root", root], capture_output=True, text=True)
        lines = done.stdout.splitlines()
        return None if len(lines) == ENTRIES and all(line.endswith(": current") for line in lines) else done.stdout + done.stderr

    subject = measure.Command("kip", [programs / "kip", "status", "--root", root], check=check)
    return f"kip status, {ENTRIES} entries of 500 MiB", subject, measure.Command("true", ["/bin/true"]), 50
