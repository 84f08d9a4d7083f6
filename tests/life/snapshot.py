"""Files as they are, to be compared with files as they were, or as they are on another machine."""

import hashlib


def of(directory):
    """{path: (inode, time, mode, sha256)} of every file and directory; the first two tell whether somebody wrote it."""
    found = {}
    for path in sorted(directory.rglob("*")):
        stat = path.lstat()
        if path.is_file() and not path.is_symlink():
            data = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(directory))] = (stat.st_ino, stat.st_mtime_ns, stat.st_mode, data)
        else:
            found[str(path.relative_to(directory))] = (0, 0, stat.st_mode, str(path.readlink()) if path.is_symlink() else "")
    return found


def contents(snapshot):
    """Without what no two runs share."""
    return {path: it[2:] for path, it in snapshot.items()}


def differences(was, now):
    """Paths that are not the same in both."""
    return sorted(path for path in was | now if was.get(path) != now.get(path))


def without_times(value):
    """A manifest, but for times."""
    if isinstance(value, dict):
        return {key: without_times(it) for key, it in value.items() if key != "mtime"}
    return [without_times(it) for it in value] if isinstance(value, list) else value


def first_difference(one, other, place=""):
    """Where two JSON values differ first, in words; "" if they do not."""
    if type(one) is not type(other):
        return f"{place}: {one!r} and {other!r}"
    if isinstance(one, dict):
        for key in sorted(one | other):
            if key not in one or key not in other:
                return f"{place}/{key}: only in one of them"
            if found := first_difference(one[key], other[key], f"{place}/{key}"):
                return found
        return ""
    if isinstance(one, list) and len(one) == len(other):
        return next(filter(None, (first_difference(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(one, other)))), "")
    return "" if one == other else f"{place}: {one!r} and {other!r}"
