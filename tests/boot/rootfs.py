"""What the root file system holds after archives were unpacked over each other, told once more in Python.

Rules: Linux init/initramfs.c, clean_path() and do_name(). Only what these tests need: files, directories and
symbolic links, by content.
"""

import hashlib
import posixpath

from newc import Link


def _place(root, path):
    """The path with links in its parents followed; None where a parent is no directory."""
    parent, name = posixpath.split(path)
    if not parent:
        return name
    parent = _place(root, parent)
    hops = 0
    while isinstance(root.get(parent), Link) and hops < 40:
        target = posixpath.join("/", posixpath.dirname(parent), root[parent].target)
        parent = _place(root, posixpath.normpath(target)[1:])
        hops += 1
    if parent != "" and root.get(parent, b"") is not None:
        return None
    return posixpath.join(parent, name)


def _is_full(root, path):
    return any(other.startswith(path + "/") for other in root)


def unpack(trees):
    """One mapping, as newc.write() takes it, of what is there after `trees` were unpacked in order."""
    root = {}
    for tree in trees:
        for path, data in tree.items():
            path = posixpath.normpath(path)
            place = None if path == "." else _place(root, path)
            if place is None:
                continue  # the root itself, or without a parent: not made, without a word
            full_directory = root.get(place, b"") is None and _is_full(root, place)
            if data is None or not full_directory:
                root[place] = data
    return root


def files(root):
    """The regular files as sha256sum prints them."""
    listed = {path: data for path, data in root.items() if isinstance(data, bytes)}
    return {f"{hashlib.sha256(data).hexdigest()}  /{path}" for path, data in listed.items()}
