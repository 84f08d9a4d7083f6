"""The rules. Each takes the Tree and yields (file, line, what)."""

import re
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

import cxx
from rooms import FREE, GUARDED_HEADERS, MAY_EXIT_AND_PRINT, MAY_INCLUDE, PROGRAMS, is_free, namespace_of, room_of

FILE_WALL, FILE_AIM, FUNCTION_WALL = 500, 300, 60

Violation = tuple[str, int, str]


class Tree:
    """The files git knows or would add, and what is in them."""

    def __init__(self, root: Path):
        self.root = root
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True
        ).stdout
        names = sorted({name.decode(errors="surrogateescape") for name in listed.split(b"\0") if name})
        self.files = [name for name in names if (root / name).is_file() and not (root / name).is_symlink()]
        self._text: dict[str, str] = {}

    def text(self, name: str) -> str:
        if name not in self._text:
            self._text[name] = (self.root / name).read_bytes().decode(errors="replace")
        return self._text[name]

    @cached_property
    def sources(self) -> list[str]:
        return [name for name in self.files if name.endswith((".h", ".cc"))]

    @cached_property
    def judged(self) -> list[str]:
        """Sources that lie in a room, tests and bench left out."""
        return [name for name in self.sources if not is_free(name)]

    @cached_property
    def own_includes(self) -> list[tuple[str, int, str]]:
        return [(f, line, name) for f in self.sources for line, name, own in cxx.includes(self.text(f)) if own]


def include_table(tree: Tree) -> Iterator[Violation]:
    known = set(tree.sources)
    for name in tree.judged:
        if room_of(name) not in MAY_INCLUDE:
            yield name, 1, "lies in no room of the table in tests/house/rooms.py"
    for name, line, target in tree.own_includes:
        if is_free(name):
            continue
        if target not in known:
            yield name, line, f'"{target}" is no file of this tree; own includes are written from the root'
            continue
        here, there = room_of(name), room_of(target)
        if here not in MAY_INCLUDE or here == there:
            continue
        if is_free(target):
            yield name, line, f'{here} may not include "{target}": tests and bench stay outside'
        elif there in MAY_INCLUDE and there not in MAY_INCLUDE[here].split():
            yield name, line, f'{here} may not include {there} ("{target}")'


def _cycle(edges: dict[str, dict[str, tuple[str, int]]]) -> list[str] | None:
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str] | None:
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        for following in sorted(edges.get(node, {})):
            if found := visit(following, path + [node]):
                return found
        done.add(node)
        return None

    for start in sorted(edges):
        if found := visit(start, []):
            return found
    return None


def include_cycles(tree: Tree) -> Iterator[Violation]:
    files: dict[str, dict[str, tuple[str, int]]] = {}
    rooms: dict[str, dict[str, tuple[str, int]]] = {}
    for name, line, target in tree.own_includes:
        files.setdefault(name, {})[target] = (name, line)
        here, there = room_of(name), room_of(target)
        if here and there and here != there:
            rooms.setdefault(here, {})[there] = (name, line)
    for edges in (files, rooms):
        if found := _cycle(edges):
            place = edges[found[0]][found[1]]
            yield *place, "include cycle: " + " -> ".join(found)


def file_size(tree: Tree) -> Iterator[Violation]:
    for name in tree.sources:
        lines = tree.text(name).count("\n")
        if lines > FILE_WALL and not name.startswith("tests/"):
            yield name, 1, f"{lines} lines; the wall is {FILE_WALL}: split by idea"


def file_size_notes(tree: Tree) -> Iterator[str]:
    for name in tree.judged:
        lines = tree.text(name).count("\n")
        if FILE_AIM < lines <= FILE_WALL:
            yield f"house: note: {name} has {lines} lines; aim under {FILE_AIM}"


def function_size(tree: Tree) -> Iterator[Violation]:
    for name in tree.sources:
        if name.startswith("tests/"):
            continue
        for scope in cxx.scopes(tree.text(name)):
            body = scope.last - scope.first - 1
            if scope.kind == "function" and body > FUNCTION_WALL:
                yield name, scope.first, f"{scope.name} has {body} lines; the wall is {FUNCTION_WALL}"


# A name behind `.`, `->` or a namespace other than std is somebody else's.
_PREFIX = r"(?<![\w.>:])(?:std::|::)?"
_CALLS = {
    "ends the process": r"(?:_?exit|_Exit|quick_exit|abort|terminate)\s*\(",
    "reads the environment": r"(?:(?:secure_)?getenv|setenv|unsetenv|putenv)\s*\(|environ\b",
    "prints": r"(?:v?printf|puts|putchar|perror)\s*\(|(?:cout|cerr|clog)\b|(?:stdout|stderr)\b"
    r"|STD(?:OUT|ERR)_FILENO\b|(?:write|dprintf|vdprintf)\s*\(\s*[12]\s*,",
}
_OUTSIDE = {what: re.compile(_PREFIX + f"(?:{calls})") for what, calls in _CALLS.items()}
_FMT_PRINT = re.compile(r"\bfmt::v?print(?:ln)?\s*\(")


def quiet_libraries(tree: Tree) -> Iterator[Violation]:
    for name in tree.judged:
        if room_of(name) in MAY_EXIT_AND_PRINT:
            continue
        code = cxx.strip(tree.text(name))
        patterns = [*_OUTSIDE.items(), ("prints", _FMT_PRINT)]
        for what, pattern in patterns:
            for match in pattern.finditer(code):
                call = match.group(0).rstrip("( \n1,2")
                yield name, cxx.line_of(code, match.start()), f"{call} {what}: only programs and src/cli may"


def guarded_headers(tree: Tree) -> Iterator[Violation]:
    for header, rule in GUARDED_HEADERS.items():
        users: dict[str, list[tuple[str, int]]] = {place: [] for place in rule["allowed"]}
        for name in tree.judged:
            for line, included, _ in cxx.includes(tree.text(name)):
                if included != header and not (header.endswith("/") and included.startswith(header)):
                    continue
                place = next((p for p in users if name == p or (p.endswith("/") and name.startswith(p))), None)
                if place is not None:
                    users[place].append((name, line))
                else:
                    yield name, line, f"<{included}> belongs in {', '.join(rule['allowed'])}"
        for first, *others in filter(None, users.values() if rule.get("single") else []):
            for name, line in others:
                if name != first[0]:
                    yield name, line, f"<{header}...> belongs in one file, and {first[0]} has it already"


_LISTED = re.compile(r"[^\s\"();]+\.cc?(?=[\s\"();]|$)")


def cmake_lists(tree: Tree) -> Iterator[Violation]:
    """Every source is listed by hand, every listed file exists; names count from the root or from the listing file."""
    listed: set[str] = set()
    known = set(tree.files)
    for name in tree.files:
        if PurePosixPath(name).name != "CMakeLists.txt" and not name.endswith(".cmake"):
            continue
        here = PurePosixPath(name).parent
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            for match in _LISTED.finditer(line.split("#")[0]):
                word = re.sub(r"^\$\{(?:CMAKE_CURRENT_SOURCE_DIR|PROJECT_SOURCE_DIR|CMAKE_SOURCE_DIR)\}/", "", match.group(0))
                if "$" in word or "<" in word or "*" in word:
                    continue
                found = {word, str(here / word)} & known
                listed |= found
                if not found:
                    yield name, number, f"lists '{word}', which does not exist"
    for name in tree.sources:
        if name.endswith(".cc") and name not in listed:
            yield name, 1, "is listed in no CMakeLists.txt"


def rooms_have_tests(tree: Tree) -> Iterator[Violation]:
    rooms = {room_of(name): name for name in reversed(tree.judged)}
    for room, first in sorted((room, name) for room, name in rooms.items() if room in MAY_INCLUDE):
        if room in PROGRAMS:
            continue  # programs are tested from outside, in tests/programs
        if not any(name.startswith(f"tests/{room}/") and name.endswith("_test.cc") for name in tree.sources):
            yield first, 1, f"room {room} has no tests/{room}/*_test.cc"


# Written in halves, so that this file does not match itself.
_WORKPLACE = re.compile("/wo" + "rk/|/tmp/bash" + r"_jobs|\.\./sha" + r"red/(?!corpus\b)")


def workplace_words(tree: Tree) -> Iterator[Violation]:
    for name in tree.files:
        text = tree.text(name)
        if "\0" in text:
            continue
        for match in _WORKPLACE.finditer(text):
            yield name, cxx.line_of(text, match.start()), f"'{match.group(0)}' belongs to somebody's machine"


_MAIN = re.compile(r"^int main\(", re.MULTILINE)
_OTHERS = ("std", "fmt")  # namespaces one must open to specialise their templates


def namespaces(tree: Tree) -> Iterator[Violation]:
    for name in tree.judged:
        room = room_of(name)
        if room not in MAY_INCLUDE:
            continue
        expected, opened = namespace_of(room), False
        for scope in cxx.scopes(tree.text(name)):
            if scope.kind != "namespace" or scope.name == "":
                continue
            full = "::".join([part for part in scope.inside if part] + [scope.name])
            opened = True
            allowed = full in (expected, expected + "::detail") or expected.startswith(full + "::")
            if not allowed and scope.name not in _OTHERS:
                yield name, scope.first, f"namespace {full}; this directory is {expected}"
        code = cxx.strip(tree.text(name))
        code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", "", code, flags=re.MULTILINE)
        if not opened and code.strip() and not _MAIN.search(code):
            yield name, 1, f"nothing in namespace {expected}"


def one_definition(tree: Tree) -> Iterator[Violation]:
    """Of two types of one name in one namespace the linker keeps the members of one, without a word."""
    first: dict[str, str] = {}
    for name in tree.judged:
        for scope in cxx.scopes(tree.text(name)):
            if scope.kind != "type" or scope.name == "" or scope.nested or "" in scope.inside:
                continue
            full = "::".join([*scope.inside, scope.name])
            other = first.setdefault(full, f"{name}:{scope.first}")
            if other != f"{name}:{scope.first}":
                yield name, scope.first, f"{full} stands in {other} as well"


RULES = [
    include_table,
    include_cycles,
    file_size,
    function_size,
    quiet_libraries,
    guarded_headers,
    cmake_lists,
    rooms_have_tests,
    workplace_words,
    namespaces,
    one_definition,
]

assert not FREE & set(MAY_INCLUDE)
