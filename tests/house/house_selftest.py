#!/usr/bin/env python3
"""Proves that every house rule can fail: a small tree that passes, then one change at a time that must be named."""

import subprocess
import sys
import tempfile
from pathlib import Path

import cxx
import rules

GOOD = {
    "CMakeLists.txt": 'add_library(kip_base src/base/result.cc)  # "not/a/file.cc"\n'
    "add_library(kip_ucode ucode/intel.cc)\n"
    "add_library(kip_cpio cpio/writer.cc)\n"
    "add_library(kip_modules src/modules/kmod.cc)\n"
    "add_library(kip_cli src/cli/report.cc ${CMAKE_CURRENT_SOURCE_DIR}/src/cli/options.cc)\n"
    "add_executable(ucode-pack src/ucode-pack/main.cc)\n"
    "add_executable(t tests/base/a_test.cc tests/ucode/a_test.cc tests/cpio/a_test.cc\n"
    "  tests/modules/a_test.cc tests/cli/a_test.cc)\n",
    "src/base/result.h": "#pragma once\nnamespace kip {\nstruct Result {};\nnamespace detail {}\n}\n",
    "src/base/result.cc": '#include "src/base/result.h"\nnamespace kip {\n}\nnamespace std {\n}\n',
    "ucode/intel.h": '#include <vector>\n#include "src/base/result.h"\nnamespace kip::ucode {\nint a();\n}\n',
    "ucode/intel.cc": '#include "ucode/intel.h"\nnamespace kip::ucode {\nnamespace {\n}\nint a() { return 1; }\n}\n',
    "cpio/writer.cc": '#include "src/base/result.h"\nnamespace kip::cpio {}\n',
    "src/modules/kmod.cc": "#include <libkmod.h>\nnamespace kip::modules {}\n",
    "src/cli/report.cc": '#include <nlohmann/json.hpp>\nnamespace kip::cli { void f() { puts("x"); exit(1); } }\n',
    "src/cli/options.cc": '#include <CLI/CLI.hpp>\n#include "ucode/intel.h"\nnamespace kip::cli {}\n',
    "src/ucode-pack/main.cc": '#include <CLI/CLI.hpp>\n#include "ucode/intel.h"\nint main(int, char**) { return 0; }\n',
    **{f"tests/{room}/a_test.cc": '#include "ucode/intel.h"\n' for room in ("base", "ucode", "cpio", "modules", "cli")},
}
LONG_BODY = "".join(f"  f({n});\n" for n in range(61))


def added(name: str, text: str) -> dict[str, str]:
    return {name: GOOD[name] + text}


# (name of the case, files changed (None: removed), what the one violation must contain)
CASES = [
    ("upward include", added("ucode/intel.cc", '#include "src/cli/x.h"\n') | {"src/cli/x.h": "namespace kip::cli {}\n"},
     "ucode/intel.cc:7: ucode may not include cli"),
    ("ucode includes cpio", added("ucode/intel.cc", '#include "cpio/x.h"\n') | {"cpio/x.h": "namespace kip::cpio {}\n"},
     "ucode may not include cpio"),
    ("base includes a room", added("src/base/result.cc", '#include "ucode/intel.h"\n'), "base may not include ucode"),
    ("program includes libkmod's room",
     added("src/ucode-pack/main.cc", '#include "src/modules/x.h"\n') | {"src/modules/x.h": "namespace kip::modules {}\n"},
     "ucode-pack may not include modules"),
    ("library includes test support", added("ucode/intel.cc", '#include "tests/support/x.h"\n') | {"tests/support/x.h": ""},
     "tests and bench stay outside"),
    ("include not from the root", added("ucode/intel.cc", '#include "intel.h"\n'), '"intel.h" is no file of this tree'),
    ("unknown room", {"src/attic/x.h": "namespace kip::attic {}\n"}, "src/attic/x.h:1: lies in no room"),
    ("file straight in src", {"src/x.h": "namespace kip {}\n"}, "src/x.h:1: lies in no room"),
    ("cycle of files", {"ucode/a.h": '#include "ucode/b.h"\nnamespace kip::ucode {}\n',
                        "ucode/b.h": '#include "ucode/a.h"\nnamespace kip::ucode {}\n'},
     "include cycle: ucode/a.h -> ucode/b.h -> ucode/a.h"),
    ("long file", added("ucode/intel.h", "//\n" * 500), "the wall is 500"),
    ("long function", added("ucode/intel.cc", f"namespace kip::ucode {{\nvoid g(int a) {{\n{LONG_BODY}}}\n}}\n"),
     "ucode/intel.cc:8: g has 61 lines"),
    ("long constructor behind braced initialisers",
     added("ucode/intel.cc", f"namespace kip::ucode {{\nX::X(int a) : a_{{a}}, b_(a) {{\n{LONG_BODY}}}\n}}\n"), "X::X has 61 lines"),
    ("long function with a trailing type",
     added("ucode/intel.cc", f"namespace kip::ucode {{\nauto g() const noexcept -> R<int> {{\n{LONG_BODY}}}\n}}\n"), "g has 61 lines"),
    ("long method", added("ucode/intel.h", f"namespace kip::ucode {{\nstruct A : B {{\n void g() const {{\n{LONG_BODY}}}\n}};\n}}\n"),
     "ucode/intel.h:8: g has 61 lines"),
    ("long lambda at file level",
     added("ucode/intel.cc", f"namespace kip::ucode {{\nconst auto g = [] {{\n{LONG_BODY}}};\n}}\n"), "lambda has 61 lines"),
    ("exit", added("ucode/intel.cc", "void g() { ::exit(1); }\n"), "ucode/intel.cc:7: ::exit ends the process"),
    ("std::abort", added("src/base/result.cc", "void g() { std::abort(); }\n"), "std::abort ends the process"),
    ("_exit", added("src/base/result.cc", "void g() { _exit(1); }\n"), "_exit ends the process"),
    ("quick_exit", added("src/base/result.cc", "void g() { quick_exit(1); }\n"), "quick_exit ends the process"),
    ("getenv", added("src/base/result.cc", 'auto g = std::getenv("A");\n'), "std::getenv reads the environment"),
    ("secure_getenv", added("src/base/result.cc", 'auto g = secure_getenv("A");\n'), "secure_getenv reads the environment"),
    ("printf", added("src/base/result.cc", 'void g() { printf("A"); }\n'), "printf prints"),
    ("puts", added("src/base/result.cc", 'void g() { puts("A"); }\n'), "puts prints"),
    ("std::cout", added("src/base/result.cc", "void g() { std::cout << 1; }\n"), "std::cout prints"),
    ("std::cerr", added("src/base/result.cc", "void g() { std::cerr << 1; }\n"), "std::cerr prints"),
    ("fprintf(stderr)", added("src/base/result.cc", 'void g() { fprintf(stderr, "a"); }\n'), "stderr prints"),
    ("fmt::print", added("src/base/result.cc", 'void g() { fmt::print("a"); }\n'), "fmt::print prints"),
    ("write(1)", added("src/base/result.cc", 'void g() { ::write(1, "a", 1); }\n'), "::write prints"),
    ("write(STDERR_FILENO)", added("src/base/result.cc", 'void g() { write(STDERR_FILENO, "a", 1); }\n'), "STDERR_FILENO prints"),
    ("libkmod elsewhere", added("src/cli/report.cc", "#include <libkmod.h>\n"), "<libkmod.h> belongs in src/modules/kmod.cc"),
    ("nlohmann outside cli", added("src/base/result.h", "#include <nlohmann/json.hpp>\n"), "<nlohmann/json.hpp> belongs in src/cli/"),
    ("nlohmann in another file of state",
     added("CMakeLists.txt", "add_library(x tests/state/a_test.cc)\n")
     | {"src/state/x.h": "#include <nlohmann/json.hpp>\nnamespace kip::state {}\n", "tests/state/a_test.cc": "\n"},
     "src/state/x.h:1: <nlohmann/json.hpp> belongs in src/cli/, src/state/json_fields.h"),
    ("nlohmann in two files", added("src/cli/options.cc", "#include <nlohmann/json.hpp>\n"), "belongs in one file"),
    ("CLI11 in a library", added("src/base/result.h", "#include <CLI/App.hpp>\n"), "<CLI/App.hpp> belongs in src/cli/"),
    ("source not listed", {"ucode/amd.cc": "namespace kip::ucode {}\n"}, "ucode/amd.cc:1: is listed in no CMakeLists.txt"),
    ("listed file is missing", added("CMakeLists.txt", "add_library(x ucode/gone.cc)\n"), "CMakeLists.txt:9: lists 'ucode/gone.cc'"),
    ("room without tests", {"tests/cpio/a_test.cc": None, "CMakeLists.txt": GOOD["CMakeLists.txt"].replace("tests/cpio/a_test.cc", "")},
     "room cpio has no tests/cpio/*_test.cc"),
    ("somebody's path", {"README.md": "see /wo" + "rk/main\n"}, "README.md:1: '/wo" + "rk/'"),
    ("somebody's job directory", {"README.md": "\n/tmp/bash" + "_jobs.0/\n"}, "README.md:2:"),
    ("somebody's notes", {"README.md": "../sha" + "red/design.md\n"}, "README.md:1:"),
    ("wrong namespace", {"ucode/intel.h": "namespace kip::cpio {}\n"}, "ucode/intel.h:1: namespace kip::cpio; this directory is kip::ucode"),
    ("namespace below", added("ucode/intel.h", "namespace kip::ucode::deep {}\n"), "namespace kip::ucode::deep"),
    ("nested wrong namespace", added("ucode/intel.h", "namespace kip { namespace cpio {\n}}\n"), "namespace kip::cpio"),
    ("program's namespace", added("src/ucode-pack/main.cc", "namespace kip::ucode {}\n"), "this directory is kip::ucode_pack"),
    ("two types of one name", added("ucode/intel.h", "namespace kip::ucode {\nstruct A : B {\n};\n}\n")
     | added("ucode/intel.cc", "namespace kip::ucode {\nclass A final {\n};\n}\n"), "kip::ucode::A stands in ucode/intel.cc:8 as well"),
    ("no namespace", {"ucode/intel.h": "int a();\n"}, "ucode/intel.h:1: nothing in namespace kip::ucode"),
]  # fmt: skip

# What must stay silent, because it only looks like a violation.
SILENT = [
    ("words in comments and strings", added("ucode/intel.cc",
     '// exit(1) getenv("x")\n/* #include "cpio/x.h"\n abort() */ const char* s = "printf(1) { std::cout";\n'
     "const auto r = R\"(exit(1); { )\"; const int n = 1'000; const char q = '\"'; const char* t = \"// {\"; // '\n")),
    ("other people's names", added("ucode/intel.cc",
     "void g() { file.abort(); File::abort(); p->exit(1); my_printf(1); snprintf(b, 1, c); write(fd, 1, 2); isatty_exit(1); }\n")),
    ("types of one name that are not one", added("ucode/intel.h",
     "namespace kip::ucode {\nstruct A {\n  struct B {\n  };\n};\nstruct B;\ntemplate <>\nstruct C<int> {\n};\n}\n")
     | added("ucode/intel.cc", "namespace kip::ucode {\nnamespace {\nstruct A {\n};\n}\nstruct B {\n};\n"
     "template <>\nstruct C<long> {\n};\n}\n")),
    ("sixty lines", added("ucode/intel.cc", f"namespace kip::ucode {{\nvoid g() {{\n{LONG_BODY[8:]}}}\n}}\n")),
    ("long tables and types", added("ucode/intel.cc",
     "namespace kip::ucode {\nconst int kTable[] = {\n" + "  1,\n" * 80 + "};\nenum class E : uint8_t {\n" + "  kA,\n" * 80 + "};\n"
     "constexpr std::array<Row, 80> kRows{{\n" + "  {1, f(2)},\n" * 80 + "}};\n"
     "struct alignas(8) S final : B<int(int)> {\n" + "  int a;\n" * 80 + "};\n}\n")),
    ("macros with braces", added("ucode/intel.cc", "#define OPEN { \\\n  {\n")),
    ("a test prints, and is long", added("tests/ucode/a_test.cc", f"void g() {{\n{LONG_BODY} printf(\"x\"); }}\n" + "//\n" * 600)),
    ("the corpus' documented place", {"README.md": "KIP_CORPUS (default ../sha" + "red/corpus)\n"}),
]  # fmt: skip


def run(changes: dict[str, str | None]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="kip-house-") as place:
        subprocess.run(["git", "init", "-q", place], check=True)
        for name, text in (GOOD | changes).items():
            if text is not None:
                path = Path(place, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        tree = rules.Tree(Path(place))
        return [f"{name}:{line}: {what}" for rule in rules.RULES for name, line, what in rule(tree)]


def main() -> int:
    failures = []
    for name, changes in [("the good tree", {}), *SILENT]:
        if found := run(changes):
            failures.append(f"{name}: expected silence, got {found}")
    for name, changes, expected in CASES:
        found = run(changes)
        if not any(expected in violation for violation in found):
            failures.append(f"{name}: expected '{expected}', got {found}")
        # An upward include closes a cycle of rooms too; that is the same fault seen twice.
        elif len([v for v in found if "include cycle" not in v or "include cycle" in expected]) > 1:
            failures.append(f"{name}: expected one violation, got {found}")
    names = [scope.name for scope in cxx.scopes("int a(int b) { if (b) { return 1; } }\nT<int> C::d() const { }\n")]
    if names != ["a", "C::d"]:
        failures.append(f"scopes: got {names}")
    for failure in failures:
        print(f"house selftest: {failure}")
    print(f"house selftest: {len(CASES) + len(SILENT) + 2} cases, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
