#!/usr/bin/env python3
"""Has the judge of real modules listen to liars: whatever a wrong kmod-pack could say or pack must not pass.

    tests/realmodules/selftest.py

Needs no program of ours; the modules are built, or in the cache. Exit 0 if every lie was noticed, else 1.
"""

import functools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))

import guest
import judge_policy
import kernels
import module_base
import module_tree
import newc
import order
import overlay_judge
import policy_cases
import reference
from fault import Fault
from kmod_pack import Module
from policy_cases import ALONG, CRC7, ITU_T, SPARE

CASE = next(case for case in policy_cases.table() if case.name == "include")
LIB = "usr/lib"


@functools.cache
def _honest_files(tree, modules, companions):
    base = judge_policy.base_of(CASE, tree)
    paths = [module_base.own(tree, path) for path in modules]
    return reference.overlay_files(tree, base, "merged", paths, companions)


class Honest:
    """Says and packs what the table has. A liar changes one answer."""

    def __init__(self, tree):
        self.tree = tree

    def list(self):
        said, emitted = {}, self.tree.root / "etc/dracut.conf.d/50-emitted.conf"
        if emitted.exists():  # then it is the policy; nothing but states is looked at
            words = emitted.read_text().split()
            return {name: replace(it, state="in" if name in words else "out") for name, it in self.said().items()}
        return self.said()

    def said(self):
        said = {}
        for name, file in judge_policy.installed(CASE).items():
            signer = judge_policy.build.SIGNER if file.source.startswith("signed/") else None
            of = ("depends", "kip_test_top") if CASE.states.get(name) == ALONG else ()
            said[name] = Module(judge_policy.state_of(CASE, name), judge_policy.VERSIONS[name], file.path, signer,
                                CASE.rules.get(name), (), "", of)  # fmt: skip
        return said

    def why(self, name):
        said = self.said().get(name)
        return ([said], ["kip_test_top"] if said.of else []) if said else ([], [])

    def lint(self):
        return list(judge_policy.unjudged(CASE))

    def files(self, modules=CASE.packed, companions=True):
        return _honest_files(self.tree, tuple(modules), companions)

    def archive(self, _base):
        return 0, newc.write(self.files())

    def pack(self, base, _out, may=(0,)):
        return self.archive(base)

    def emit(self, generator):
        return {"dracut": 'add_drivers+=" kip_test_base kip_test_top "\n',
                "mkinitcpio": "MODULES+=(kip_test_base kip_test_top)\n",
                "initramfs-tools": "kip_test_base\nkip_test_top\n"}[generator]  # fmt: skip


def _lie(attribute, change):
    """A liar whose answers to one question are changed."""

    def make(tree):
        liar = Honest(tree)
        honest = getattr(liar, attribute)
        setattr(liar, attribute, lambda *asked, **more: change(honest(*asked, **more)))
        return liar

    return make


def _module(name, **changed):
    return _lie("list", lambda said: said | {name: replace(said[name], **changed)})


def _why(name, **changed):
    def change(said):
        rows, chain = said
        return [replace(row, **changed) if row.path.endswith(f"{name}.ko") else row for row in rows], chain

    return _lie("why", change)


def _member(end, change):
    """An archive in which one file's bytes are changed; None leaves it out."""

    def changed(files):
        (path,) = [path for path, data in files.items() if path.endswith(end) and isinstance(data, bytes)]
        data = change(files[path])
        return {key: data if key == path else value for key, value in files.items() if key != path or data is not None}

    return _lie("files", changed)


def _more(tree_change):
    return _lie("files", lambda files: files | tree_change)


def _packing(modules, companions=True):
    """An archive of other modules, with indexes that fit it."""

    def make(tree):
        liar = Honest(tree)
        liar.archive = lambda _base: (0, newc.write(Honest.files(liar, modules, companions)))
        return liar

    return make


def _base_index(name):
    """The base's own index instead of the union's."""

    def make(tree):
        base = judge_policy.base_of(CASE, tree)
        (data,) = [data for path, data in base.items() if path.endswith(f"/{name}")]
        return _member(f"/{name}", lambda _old: data)(tree)

    return make


def _without(path):
    return tuple(it for it in CASE.packed if it != path)


LIES = {
    "": Honest,
    "a module left out of the list": _lie("list", lambda said: dict(list(said.items())[1:])),
    "a module too many in the list": _lie("list", lambda said: said | {"crc7": said["kip_test_spare"]}),
    "in for out": _module("kip_test_spare", state="in"),
    "out for in": _module("kip_test_top", state="out"),
    "another version": _module("kip_test_top", version="2.1"),
    "another path": _module("kip_test_base", path="extra/kip_test_base.ko"),
    "no signer": _module("kip_test_top", signer=None),
    "a signer where there is none": _module("kip_test_base", signer="kip test key"),
    "no rule": _module("kip_test_top", rule=None),
    "another file of the rule": _module("kip_test_top", rule=("Include", "kip_test_top", "etc/kip/other.conf")),
    "a reason for leaving out": _module("kip_test_top", left_out="no reason"),
    "along by nothing": _module("kip_test_base", of=()),
    "why knows another state": _why("kip_test_top", state="out"),
    "why has another rule": _why("kip_test_top", rule=None),
    "why has no chain": _lie("why", lambda said: (said[0], [])),
    "why has a twin": _lie("why", lambda said: (said[0] + [replace(said[0][0], path="kernel/twin.ko")], said[1])),
    "a finding too many": _lie("lint", lambda said: ["error lint-root"]),
    "nothing packed": _lie("archive", lambda said: (3, None)),
    "another exit": _lie("archive", lambda said: (1, said[1])),
    "the dependency left out": _packing(_without(ITU_T)),
    "the softdep left out": _packing(_without(CRC7)),
    "a module too many": _packing((*CASE.packed, SPARE["6.12-cloud"])),
    "no firmware and no options": _packing(CASE.packed, companions=False),
    "a changed module": _member("kip_test_top.ko", lambda data: data[:-1] + b"?"),
    "no firmware": _member("test.bin", lambda _data: None),
    "no options": _member("kip-modules.conf", lambda _data: None),
    "a firmware too many": _more({f"{LIB}/firmware/kip/more.bin": b""}),
    "a file too many": _more({"init": b""}),
    "the base's dependencies": _base_index("modules.dep.bin"),
    "the base's aliases": _base_index("modules.alias.bin"),
    "the base's softdeps": _base_index("modules.softdep"),
    "no softdeps": _member("/modules.softdep", lambda _data: b""),
    "an entry for lib": _more({"lib": None}),
    "a directory of the base": _more({f"{LIB}/modules": None}),
    "a module that emit leaves out": _lie("emit", lambda text: text.replace("kip_test_base", "")),
    "a module that emit names": _lie("emit", lambda text: text.replace("kip_test_top", "kip_test_top kip_test_spare")),
}


def _orders(tree, scratch):
    """(what is wrong or nothing, what order.py finds) where two ways lead to these bytes."""
    def twice(_key, _scratch):
        yield from (("first", tree, ()), ("second", tree, ()))

    for lie, answers in (("", [b"same", b"same"]), ("other bytes", [b"same", b"other"])):
        packed = iter(answers)
        program = Honest(tree)
        program.pack = lambda *_asked, packed=packed: (0, next(packed))
        yield lie, order.differences(order.Case(lie, twice), lambda *_asked, it=program: it, scratch)


def _broken_streams():
    """Overlays that the judge must refuse to read."""
    good = newc.write({"a": b"a"})
    yield "a cut stream", guest.zstd("-9", data=good)[:-3]
    yield "no stream at all", b"kip"


def _is_wrong(lie, found):
    if bool(found) == bool(lie):
        return False
    print(f"selftest: {lie or 'the truth'}: " + ("; ".join(found) or "not noticed"))
    return True


def main():
    """One line for each lie that passed, and for each truth that did not."""
    wrong = 0
    place = kernels.cache().parent
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".selftest-", dir=place) as directory:
        tree = module_tree.whole(Path(directory) / "tree", CASE.key)
        for lie, liar in LIES.items():
            found = judge_policy.differences(CASE, liar, tree, Path(directory))
            wrong += _is_wrong(lie, found)
        for lie, found in _orders(tree, Path(directory)):
            wrong += _is_wrong(lie, found)
    for fault, data in _broken_streams():
        try:
            overlay_judge.decompressed(data)
            wrong += 1
            print(f"selftest: {fault}: was read")
        except Fault:
            pass
    print("realmodules selftest: " + (f"{wrong} wrong" if wrong else "every lie was noticed"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
