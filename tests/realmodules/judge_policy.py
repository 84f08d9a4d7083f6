"""One case from start to verdict: policy into the tree, all of kmod-pack's verbs, each answer against the table."""

import contextlib
import re
import shutil

import build
import guest
import module_base
import newc
from module_tree import FILES, FOREIGN
from overlay_judge import Overlay
from policy_cases import ALONG, DEPMOD, FSTAB, KIP

VERSIONS = {"kip_test_base": "1.0", "kip_test_top": "2.1-kip", "kip_test_spare": "0.1", "dm_writeboost": "",
            "thinkpad_ec": "0.43", "tp_smapi": "0.43", "hdaps": ""}  # fmt: skip
ALIASES = {"kip_test_top": "kip-test:v1d7", "kip_test_spare": "fs-kiptestfs"}
TWINS = {"hdaps": "kernel/drivers/platform/x86/hdaps.ko"}
_POLICY = ("etc/kip", "usr/lib/kip", "etc/dracut.conf.d", "usr/lib/dracut", "etc/fstab", DEPMOD)
GENERATORS = ("dracut", "mkinitcpio", "initramfs-tools")


def name_of(path):
    """A module's name by its file's."""
    return re.sub(r"\.ko.*$", "", path.rpartition("/")[2]).replace("-", "_")


def installed(case):
    """{name: File} of the tree's out-of-tree modules."""
    files = {name_of(file.path): file for file in FILES[case.key]}
    return files | ({"dm_writeboost": FOREIGN} if case.foreign else {})


@contextlib.contextmanager
def policy(tree, case, files=None):
    """The case's files in the tree, and as it was afterwards."""
    config = tree.root / f"boot/config-{tree.kernel.release}"
    stock = config.read_bytes()
    again = case.foreign or DEPMOD in case.files
    try:
        for path, text in (case.files if files is None else files).items():
            tree.write(path.replace("RELEASE", tree.kernel.release), text)
        if case.foreign:
            tree.add_module(FOREIGN)
        if again:
            tree.depmod()
        yield
    finally:
        for path in _POLICY:
            place = tree.root / path
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        if config.read_bytes() != stock:
            tree.write(f"boot/config-{tree.kernel.release}", stock)
        if case.foreign:
            (tree.modules / FOREIGN.path).unlink()
        if again:
            tree.depmod()


def state_of(case, name):
    """What list is to say."""
    state = case.states.get(name, "out")
    return "in" if state == ALONG else state


def _facts(case, listed):
    """What modules say of themselves."""
    files = installed(case)
    yield from (f"list: lacks '{name}'" for name in sorted(files.keys() - listed.keys()))
    yield from (f"list: has '{name}'" for name in sorted(listed.keys() - files.keys()))
    for name in sorted(files.keys() & listed.keys()):
        said, file = listed[name], files[name]
        signer = build.SIGNER if file.source.startswith("signed/") else None
        expected = (file.path, VERSIONS[name], signer)
        if (said.path, said.version, said.signer) != expected:
            yield f"list: '{name}' is {(said.path, said.version, said.signer)}, not {expected}"


def _decisions(case, listed):
    """What is decided, and by what."""
    for name, said in listed.items():
        state = state_of(case, name)
        if said.state != state:
            yield f"list: '{name}' is {said.state}, not {state}"
        if name in case.rules and said.rule != case.rules[name]:
            yield f"list: '{name}' by {said.rule}, not by {case.rules[name]}"
        if name in case.beaten and said.beaten != case.beaten[name]:
            yield f"list: '{name}' beats {said.beaten}, not {case.beaten[name]}"
        if case.states.get(name) == ALONG and said.of[:1] != ("depends",):
            yield f"list: '{name}' comes along by {said.of}"
        if case.left_out.get(name, "") not in said.left_out or (name in case.left_out) != bool(said.left_out):
            yield f"list: '{name}' is left out for '{said.left_out}', not for {case.left_out.get(name)}"


def _whys(case, program, listed):
    """`why` says the same of each module, and tells of twins."""
    for name, said in listed.items():
        rows, chain = program.why(name)
        mine = [row for row in rows if row.path == said.path]
        if not mine or (mine[0].state, mine[0].rule, mine[0].beaten) != (said.state, said.rule, said.beaten):
            yield f"why {name}: {mine}, and list says {said}"
        if case.states.get(name) == ALONG and not chain:
            yield f"why {name}: names nobody that needs it"
        twin = TWINS.get(name)
        others = [(row.path, row.state) for row in rows if row.path != said.path]
        if others != ([(twin, "in-tree")] if twin else []):
            yield f"why {name}: other files are {others}"


def _called(names):
    """The names and aliases that modprobe is given for these modules."""
    return sorted(names | {ALIASES[name] for name in names & ALIASES.keys()})


def base_of(case, tree):
    """The files of the case's base."""
    return module_base.base_files(tree, case.base_kind, (module_base.DM_MOD, *case.base))


def _packed(case, program, tree, scratch):
    """The archive, or that there is none."""
    base = base_of(case, tree)
    (scratch / "base").write_bytes(guest.zstd("-9", data=newc.write(base)))
    exit_code, overlay = program.pack(scratch / "base", scratch / "overlay", may=(0, 1, 3))
    wanted = (0,) if case.packed else (1, 3)
    if exit_code not in wanted or (overlay is None) == (0 in wanted):
        yield f"pack: exit {exit_code}, should be {wanted}"
    if overlay is None:
        return
    listed = {name_of(path) for path in case.packed}
    absent = installed(case).keys() - listed
    firmware = "kip_test_top" in listed if case.firmware is None else case.firmware
    # A base without libraries has no modules either: all that is needed comes along.
    in_base = {"dm_mod"} if case.base_kind != "nolib" else set()
    judge = Overlay(tree, base, case.base_kind, overlay)
    yield from judge.differences(case.packed, firmware, _called(listed | in_base), _called(absent))


def _emitted(case, program, tree, texts):
    """dracut's drop-in, taken for the only policy, decides the same; the others' name what is in."""
    wanted = {name: state_of(case, name) in ("in", "required") for name in installed(case)}
    with policy(tree, case, {"etc/dracut.conf.d/50-emitted.conf": texts["dracut"]}):
        said = {name: module.state == "in" for name, module in program.list().items()}
    if said != wanted:
        yield f"emit dracut: decides {said}, not {wanted}"
    for generator in ("mkinitcpio", "initramfs-tools"):
        words = set(re.findall(r"\w+", re.sub(r"#.*", "", texts[generator])))
        named = {name: name in words for name in installed(case)}
        if named != wanted:
            yield f"emit {generator}: names {named}, not {wanted}"


def _refusals(program, scratch, case, tree):
    """Policy that cannot be read: nothing is packed, and the reason names the line."""
    (scratch / "base").write_bytes(module_base.base(tree, "merged"))
    for verb, more in (("list", ()), ("why", ("kip_test_top",)), ("emit", ("dracut",)),
                       ("pack", ("--base", scratch / "base", "-o", scratch / "overlay"))):  # fmt: skip
        said = program.run(verb, *more, may=(4,)).stderr.decode()
        if f"/{KIP}:3" not in said:
            yield f"{verb}: does not name {KIP}:3: {said.strip()}"
    if (scratch / "overlay").exists():
        yield "pack: wrote something"


def unjudged(case):
    """Without an fstab nobody knows what the tree's root file system is."""
    return () if FSTAB in case.files else ("note lint-root",)


def differences(case, make_program, tree, scratch):
    """Every answer that is not what the table says. `make_program`: (tree) -> Program."""
    program = make_program(tree)
    with policy(tree, case):
        if case.refused:
            return list(_refusals(program, scratch, case, tree))
        listed = program.list()
        found = [*_facts(case, listed), *_decisions(case, listed), *_whys(case, program, listed)]
        said, due = program.lint(), sorted((*case.findings, *unjudged(case)))
        if said != due:
            found.append(f"lint: {said}, not {due}")
        found += _packed(case, program, tree, scratch)
        texts = {generator: program.emit(generator) for generator in GENERATORS if case.emit}
    return found + (list(_emitted(case, program, tree, texts)) if case.emit else [])
