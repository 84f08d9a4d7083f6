"""An overlay as it should be, told once more in Python: for the self-test, whose honest program it is.

It knows no policy. Whoever calls says which files are to be there.
"""

import module_base
import newc


def overlay_files(tree, base, kind, modules, companions=True):
    """The overlay's files over `base` (its files), as newc.write() takes them; `modules` are paths."""
    lib = "lib" if kind == "split" else "usr/lib"
    place = f"{lib}/modules/{tree.kernel.release}"
    there = {path.removeprefix(place + "/"): data for path, data in base.items()
             if path.startswith(place) and path.partition(".ko")[1]}  # fmt: skip
    added = {path: tree.content(path) for path in modules if path not in there}
    files = {f"{place}/{path}": data for path, data in added.items()}
    files |= {f"{place}/{name}": data for name, data in module_base.indexes(tree, there | added).items()}
    if companions:
        files[f"{lib}/firmware/kip/test.bin"] = (tree.root / "lib/firmware/kip/test.bin").read_bytes()
        files["etc/modprobe.d/kip-modules.conf"] = (tree.root / "etc/modprobe.d/kip-test.conf").read_bytes()
    files["kip/modules"] = b"kip modules 1\n"
    front = {"lib": newc.Link("usr/lib"), "usr": None, "usr/lib": None} if kind == "nolib" else {}
    entries = {path: data for path, data in module_base.with_parents(files).items() if path not in {"lib", *front}}
    return front | {path: data for path, data in entries.items() if data is not None or path not in base}
