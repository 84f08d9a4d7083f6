"""The table: files of policy in a tree with real modules, and what kmod-pack has to make of them.

A state is what `list` says of a module. A module that is not named in `states` is out. `packed` are all modules that
`pack` puts behind a base that has dm-mod, as paths with what they are compressed with left off; without any, it exits
with 3.
"""

from dataclasses import dataclass, field

KIP, KIP_PACKAGE = "etc/kip/kip.conf.d/10-test.conf", "usr/lib/kip/kip.conf.d/10-test.conf"
KIP_EARLIER = "etc/kip/kip.conf.d/00-earlier.conf"
DRACUT, DRACUT_PACKAGE = "etc/dracut.conf.d/10-test.conf", "usr/lib/dracut/dracut.conf.d/10-test.conf"
DRACUT_LATER = "etc/dracut.conf.d/90-later.conf"
CONFIG = "boot/config-RELEASE"
FSTAB = "etc/fstab"
DEPMOD = "etc/depmod.d/10-test.conf"  # depmod is run again for it

# Where each module lies, by tree, and all that comes along with it.
BASE = {"6.12-cloud": "extra/kip_test_base.ko", "6.1": "updates/dkms/kip_test_base.ko"}
TOP = {"6.12-cloud": "updates/kip_test_top.ko", "6.1": "updates/dkms/kip_test_top.ko"}
SPARE = {"6.12-cloud": "updates/dkms/kip_test_spare.ko", "6.1": "extra/kip-test-spare.ko"}
ITU_T, CRC7, NLS = "kernel/lib/crc-itu-t.ko", "kernel/lib/crc7.ko", "kernel/fs/nls/nls_utf8.ko"
THINKPAD, HDAPS, TP_SMAPI = "extra/thinkpad_ec.ko", "updates/hdaps.ko", "extra/tp_smapi.ko"
IN_TREE_HDAPS = "kernel/drivers/platform/x86/hdaps.ko"
# libcrc32c asks for whatever gives it crc32c; dm-mod is in the base.
WRITEBOOST = ("updates/dkms/dm-writeboost.ko", "kernel/lib/libcrc32c.ko", "kernel/crypto/crc32c_generic.ko",
              "kernel/arch/x86/crypto/crc32c-intel.ko")  # fmt: skip

ALONG = "depends"  # the state "in" by another module and not by a rule


def with_base(key="6.12-cloud"):
    return (BASE[key], ITU_T)


def with_top(key="6.12-cloud"):
    return (*with_base(key), TOP[key], CRC7, NLS)


@dataclass(frozen=True)
class Case:
    """`rules`: of a module the key, the pattern and the file of the rule that won; `beaten`: files of those it beat."""

    name: str
    files: dict
    states: dict = field(default_factory=dict)
    rules: dict = field(default_factory=dict)
    beaten: dict = field(default_factory=dict)
    findings: tuple = ()  # lint's, all of them, as "severity rule"
    packed: tuple = ()
    firmware: bool | None = None  # None: as kip_test_top comes
    left_out: dict = field(default_factory=dict)  # a word of the reason
    refused: bool = False  # pack fails
    key: str = "6.12-cloud"
    base: tuple = ()  # further modules of the kernel's own in the base
    base_kind: str = "merged"
    foreign: bool = False  # dkms left a module of another kernel behind
    emit: bool = True  # what emit says, as policy of its own, gives the same states
    tier: str = "standard"


def _modules(*lines):
    return "[Modules]\n" + "".join(line + "\n" for line in lines)


TOP_IN = {"kip_test_top": "in", "kip_test_base": ALONG}
RULE = {"kip_test_top": ("Include", "kip_test_top", KIP)}

DEFAULT = [
    Case("nothing-said", {}),
    Case("empty-files", {KIP: "# nothing\n", DRACUT: ""}),
]

KIPS = [
    Case("include", {KIP: _modules("Include=kip_test_top")}, TOP_IN, RULE, packed=with_top()),
    Case("include-dashes", {KIP: _modules("Include=kip-test-base")}, {"kip_test_base": "in"}, packed=with_base(),
         rules={"kip_test_base": ("Include", "kip-test-base", KIP)}),
    Case("include-alias", {KIP: _modules("Include=kip-test:v1d7")}, TOP_IN, packed=with_top(),
         rules={"kip_test_top": ("Include", "kip-test:v1d7", KIP)}),
    Case("glob-and-omit", {KIP: _modules("Include=kip_test_*", "Omit=kip_test_spare")},
         TOP_IN | {"kip_test_base": "in"}, packed=with_top(),
         rules={"kip_test_spare": ("Omit", "kip_test_spare", KIP)}, beaten={"kip_test_spare": (KIP,)}),
    Case("require", {KIP: _modules("Require=kip_test_base")}, {"kip_test_base": "required"}, packed=with_base(),
         rules={"kip_test_base": ("Require", "kip_test_base", KIP)}),
    Case("by-package", {KIP_PACKAGE: _modules("Include=kip_test_top")}, TOP_IN, packed=with_top(),
         rules={"kip_test_top": ("Include", "kip_test_top", KIP_PACKAGE)}),
    Case("administrator-beats-package",
         {KIP_PACKAGE: _modules("Include=kip_test_top"), KIP_EARLIER: _modules("Omit=kip_test_top")},
         rules={"kip_test_top": ("Omit", "kip_test_top", KIP_EARLIER)},
         beaten={"kip_test_top": (KIP_PACKAGE,)}, findings=("note lint-defeated",)),
    Case("empty-value-resets", {KIP: _modules("Include=kip_test_top", "Include=", "Include=kip_test_spare")},
         {"kip_test_spare": "in"}, packed=(SPARE["6.12-cloud"],)),
    Case("unknown-name", {KIP: _modules("Include=kip_test_nothing")}, findings=("warning lint-unknown-name",)),
    Case("required-unknown", {KIP: _modules("Require=kip_test_nothing")}, findings=("error lint-required",)),
    Case("in-tree-is-not-ours", {KIP: _modules("Include=crc7")}),
    Case("firmware-limit", {KIP: _modules("Include=kip_test_top", "FirmwareLimit=4")}, TOP_IN, packed=with_top(),
         firmware=False),
    Case("broken-value", {KIP: _modules("Include=kip_test_top", "Unsigned=perhaps")}, refused=True),
]

DRACUTS = [
    Case("dracut-package", {DRACUT_PACKAGE: 'add_drivers+=" kip_test_top "\n'}, TOP_IN, packed=with_top(),
         rules={"kip_test_top": ("add_drivers", "kip_test_top", DRACUT_PACKAGE)}),
    Case("dracut-force", {DRACUT_PACKAGE: 'force_drivers+=" kip_test_base "\n'}, {"kip_test_base": "in"},
         packed=with_base()),
    Case("dracut-override-leaves-out",
         {DRACUT_PACKAGE: 'add_drivers+=" kip_test_top "\n', DRACUT: 'omit_drivers+=" kip_test_top "\n'},
         rules={"kip_test_top": ("omit_drivers", "kip_test_top", DRACUT)}, findings=("warning lint-defeated",)),
    Case("dracut-override-includes",
         {DRACUT_PACKAGE: 'omit_drivers+=" kip_test_top "\n', DRACUT: 'add_drivers+=" kip_test_top "\n'}, TOP_IN,
         packed=with_top(), rules={"kip_test_top": ("add_drivers", "kip_test_top", DRACUT)}),
    Case("dracut-later-assigns",
         {DRACUT_PACKAGE: 'add_drivers+=" kip_test_top "\n', DRACUT_LATER: 'add_drivers=" kip_test_spare "\n'},
         {"kip_test_spare": "in"}, packed=(SPARE["6.12-cloud"],), findings=("warning lint-defeated",)),
    Case("dracut-add-beats-omit",
         {DRACUT_PACKAGE: 'omit_drivers+=" kip_test_top "\n', DRACUT_LATER: 'add_drivers+=" kip_test_top "\n'},
         TOP_IN, packed=with_top(), rules={"kip_test_top": ("add_drivers", "kip_test_top", DRACUT_LATER)},
         beaten={"kip_test_top": (DRACUT_PACKAGE,)}),
    Case("kip-beats-dracut",
         {DRACUT_PACKAGE: 'add_drivers+=" kip_test_top "\n', KIP: _modules("Omit=kip_test_top")},
         rules={"kip_test_top": ("Omit", "kip_test_top", KIP)}, beaten={"kip_test_top": (DRACUT_PACKAGE,)},
         findings=("note lint-defeated",)),
    Case("dracut-unreadable",
         {DRACUT_PACKAGE: 'add_drivers=" kip_test_top $(touch /tmp/kip-test-was-here) "\n'},
         findings=("warning dracut-line", "warning dracut-list")),
]

HARD = [
    Case("omitted-dependency-comes-along", {KIP: _modules("Include=kip_test_top", "Omit=kip_test_base")}, TOP_IN, RULE,
         packed=with_top(), findings=("warning lint-contradiction",)),
    Case("signatures-wanted", {KIP: _modules("Include=kip_test_*", "Unsigned=skip"),
                               CONFIG: "CONFIG_MODULE_SIG=y\nCONFIG_MODULE_SIG_FORCE=y\n"},
         {"kip_test_top": "left-out", "kip_test_base": "left-out", "kip_test_spare": "left-out"},
         left_out={"kip_test_base": "signature", "kip_test_spare": "signature", "kip_test_top": "kip_test_base"},
         findings=("warning lint-signature",), emit=False),
    Case("signatures-wanted-anyway", {KIP: _modules("Include=kip_test_top"), CONFIG: "CONFIG_MODULE_SIG_FORCE=y\n"},
         TOP_IN, RULE, packed=with_top(), findings=("warning lint-signature",)),
    Case("signatures-demanded", {KIP: _modules("Include=kip_test_top", "Unsigned=fail"),
                                 CONFIG: "CONFIG_MODULE_SIG_FORCE=y\n"},
         TOP_IN, RULE, findings=("error lint-signature",)),
    Case("another-kernels", {KIP: _modules("Include=dm_writeboost")}, {"dm_writeboost": "left-out"}, foreign=True,
         left_out={"dm_writeboost": "6.1"}, findings=("error lint-vermagic",), emit=False),
    Case("root-is-out", {FSTAB: "/dev/vda / kiptestfs defaults 0 1\n"}, findings=("error lint-root",)),
    Case("root-is-in", {FSTAB: "/dev/vda / kiptestfs defaults 0 1\n", KIP: _modules("Include=kip_test_spare")},
         {"kip_test_spare": "in"}, packed=(SPARE["6.12-cloud"],)),
    Case("split-base", {KIP: _modules("Include=kip_test_top")}, TOP_IN, RULE, packed=with_top(), base_kind="split"),
    Case("base-without-lib", {KIP: _modules("Include=kip_test_top")}, TOP_IN, RULE, packed=with_top(),
         base_kind="nolib"),
    Case("base-has-some", {KIP: _modules("Include=kip_test_top")}, TOP_IN, RULE, base=(ITU_T, CRC7),
         packed=tuple(path for path in with_top() if path not in (ITU_T, CRC7))),
]  # fmt: skip

OLD = [
    Case("old-nothing-said", {}, key="6.1", findings=("note lint-twin",)),
    Case("old-include", {KIP: _modules("Include=kip_test_top")}, TOP_IN, RULE, packed=with_top("6.1"), key="6.1",
         findings=("note lint-twin",)),
    Case("old-writeboost", {DRACUT_PACKAGE: 'add_drivers+=" dm-writeboost "\n'}, {"dm_writeboost": "in"},
         packed=WRITEBOOST, key="6.1", findings=("note lint-twin",),
         rules={"dm_writeboost": ("add_drivers", "dm-writeboost", DRACUT_PACKAGE)}),
    Case("old-twin", {KIP: _modules("Include=hdaps")}, {"hdaps": "in", "thinkpad_ec": ALONG}, key="6.1",
         packed=(HDAPS, THINKPAD), findings=("note lint-twin",)),
    Case("old-twin-loses", {KIP: _modules("Include=hdaps tp_smapi"), DEPMOD: "search built-in updates\n"},
         {"hdaps": "left-out", "tp_smapi": "in", "thinkpad_ec": ALONG}, key="6.1", packed=(TP_SMAPI, THINKPAD),
         left_out={"hdaps": IN_TREE_HDAPS}, findings=("warning lint-twin",)),
    Case("old-twin-in-base", {KIP: _modules("Include=hdaps")}, {"hdaps": "in", "thinkpad_ec": ALONG}, key="6.1",
         packed=(HDAPS, THINKPAD), base=(IN_TREE_HDAPS,), findings=("note lint-twin",), tier="all"),
    Case("old-shared-dependency", {KIP: _modules("Include=tp_smapi hdaps")},
         {"hdaps": "in", "tp_smapi": "in", "thinkpad_ec": ALONG}, key="6.1", packed=(HDAPS, TP_SMAPI, THINKPAD),
         findings=("note lint-twin",), tier="all"),
    Case("old-everything", {KIP: _modules("Include=*")},
         dict.fromkeys(("kip_test_top", "kip_test_base", "kip_test_spare", "dm_writeboost", "hdaps", "tp_smapi",
                        "thinkpad_ec"), "in"),
         packed=(*with_top("6.1"), SPARE["6.1"], *WRITEBOOST, HDAPS, TP_SMAPI, THINKPAD), key="6.1",
         findings=("note lint-twin",)),
]  # fmt: skip


def table():
    """All cases, a tree's behind each other."""
    return DEFAULT + KIPS + DRACUTS + HARD + OLD
