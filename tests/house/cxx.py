"""Just enough C++ for house rules: text without comments and strings, includes, scopes.

Not a parser. It relies on the tree being formatted by clang-format and on braces that balance in every branch of #if.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)")
      | (?P<number>\b\d[\w.']*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def strip(text: str, strings: bool = True) -> str:
    """Blanks comments, and what stands inside strings too if asked; every character keeps its line."""

    def replace(match: re.Match) -> str:
        found = match.group(0)
        if match.lastgroup == "comment" or match.group("comment"):
            return _blank(found)
        if match.group("number") or not strings:
            return found
        return found[0] + _blank(found[1:-1]) + found[-1] if not match.group("raw") else '"' + _blank(found[1:-1]) + '"'

    return _TOKEN.sub(replace, text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(text: str) -> list[tuple[int, str, bool]]:
    """(line, name, own) for each include; own: written in quotes."""
    code = strip(text, strings=False)
    return [(line_of(code, m.start()), m.group(2), m.group(1) == '"') for m in _INCLUDE.finditer(code)]


@dataclass
class Scope:
    kind: str  # namespace, type, function, other
    name: str  # a namespace's as written, a type's, a function's; "": it has none, or specialises a template
    first: int  # line of the opening brace
    last: int  # line of the closing brace
    inside: tuple[str, ...]  # names of the namespaces around it
    nested: bool = False  # in a type


_NAMESPACE = re.compile(r"\bnamespace\b\s*([\w:]*)\s*$")
_TYPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:typedef\s+)?(?:class|struct|union|enum)\b", re.DOTALL)
_TYPE_NAME = re.compile(r"\b(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(\w+)\s*(?:final\s*)?(?:$|:(?!:))")
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]|\balignas\s*\([^()]*\)|\b__attribute__\s*\(\(.*?\)\)", re.DOTALL)
_AFTER_PARAMETERS = r"(?:\s|\bconst\b|\bnoexcept\b(?:\s*\([^()]*\))?|\boverride\b|\bfinal\b|\bmutable\b|\btry\b|&)*"
_FUNCTION = re.compile(
    r"(?:\)" + _AFTER_PARAMETERS + r"(?:->[^={}]*|\brequires\b[^={}]*)?"  # f() const -> T
    r"|\boperator\s*\(\)[^{}]*"
    r"|[=(,]\s*\[[^\[\]]*\]\s*)$",  # a lambda without parameters
    re.DOTALL,
)
_INITIALISERS = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)(?P<list>.*)$", re.DOTALL)


def _kind(head: str) -> tuple[str, str]:
    head = _ATTRIBUTE.sub(" ", head).strip()
    head = re.sub(r"^(?:(?:public|private|protected)\s*:(?!:)\s*)+", "", head)
    if match := _NAMESPACE.search(head):
        return "namespace", match.group(1)
    if re.search(r'\bextern\s*"\s*"$', head):
        return "other", ""
    initialisers = _INITIALISERS.search(head)
    if initialisers and re.search(r"[\w>]$", head):
        return "initialiser", ""  # Foo::Foo(int a) : a_{a} ... the body is still to come
    if initialisers and head.endswith("{}"):
        return "function", _name(head)
    if _FUNCTION.search(head) and not (_TYPE.search(head) and not head.endswith(")")):
        return "function", _name(head)
    if _TYPE.search(head):
        match = _TYPE_NAME.search(head)
        return "type", match.group(1) if match else ""
    return "initialiser", ""


def _name(head: str) -> str:
    match = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", head)
    return match.group(1) if match else "lambda"


def scopes(text: str) -> list[Scope]:
    """Every namespace, type and outermost function body of a file, in the order they close."""
    code = strip(text)
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: _blank(m.group(0)), code, flags=re.MULTILINE)
    found: list[Scope] = []
    stack: list[tuple[str, str, int, str]] = []  # kind, name, line, head before it
    head, line = "", 1
    for char in code:
        if char == "\n":
            line += 1
        inside_function = any(kind == "function" for kind, *_ in stack)
        if char == "{":
            kind, name = ("block", "") if inside_function or _in_initialiser(stack) else _kind(head)
            stack.append((kind, name, line, head))
            head = ""
        elif char == "}" and stack:
            kind, name, first, before = stack.pop()
            around = tuple(n for k, n, *_ in stack if k == "namespace")
            if kind in ("namespace", "type", "function"):
                nested = any(k == "type" for k, *_ in stack)
                found.append(Scope(kind, name, first, line, around, nested))
            # A braced initialiser is part of the head that goes on behind it.
            head = before + "{}" if kind == "initialiser" else ""
        elif char == ";" and not inside_function:
            head = ""
        else:
            head += char
    return found


def _in_initialiser(stack: list[tuple[str, str, int, str]]) -> bool:
    return bool(stack) and stack[-1][0] in ("initialiser", "block")
