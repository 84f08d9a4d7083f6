"""One thing that happens to the machine, and all that follows from it, as values."""

from collections.abc import Callable
from dataclasses import dataclass, field

CURRENT = ("current", ())


def stale(*changes):
    """A state with the beginnings of its changes."""
    return "stale", changes


@dataclass(frozen=True)
class Step:
    """`status`, `does`, `after`: by kernel, what status says, what refresh says that it does, what status says then; of
    kernels that are not named all three are `current`. A rebuilt or swapped one is current then, any other as before."""

    name: str
    act: Callable  # (System)
    status: dict = field(default_factory=dict)
    does: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    adds: tuple = ()  # kernels of which something is recorded from now on
    forgets: tuple = ()  # kernels of which nothing is recorded once refresh is through
    drops: tuple = ()  # kernels of which nothing is recorded any more
    generates: bool = True  # False: what is rebuilt needs no generator where kernel-install does not start it
    says: str = ""  # in what refresh prints
    same_base: bool = True  # False: the generator would make another one, which kip cannot know
    rewords: bool = False  # rules are said otherwise: images tell of them by file and line, and are not made anew for that
    calls: tuple = ()  # kernel-install's calls by the step itself
    undo: Callable | None = None  # (System), behind the step

    def expected(self, kernel):
        """(state, changes) before."""
        return self.status.get(kernel, CURRENT)

    def done(self, kernel):
        """What refresh does."""
        return self.does.get(kernel, "current")

    def left(self, kernel):
        """(state, changes) afterwards."""
        if kernel in self.after:
            return self.after[kernel]
        return CURRENT if self.done(kernel) in ("rebuilt", "swapped") else self.expected(kernel)
