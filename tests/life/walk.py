"""Takes a machine through steps: what status says, what refresh foretells and does, whether a new machine is the same."""

import reports
import same
import snapshot
from fault import require
from goods import RUNNING
from system import CALLED, GENERATED, TOKEN

_TOLD = ("etc", "usr/lib/modules", "usr/lib/firmware", "usr/lib/kip")  # nobody changes that but the test


def agree(expected, entry):
    """Whether an entry is in a state, with as many changes, each of which begins as expected; "..." stands for more."""
    state, changes = expected
    more = changes[-1:] == ("...",)
    changes = changes[:-1] if more else changes
    if entry.state != state or len(entry.changes) < len(changes) or (len(entry.changes) > len(changes) and not more):
        return False
    return all(any(it.startswith(wanted) for it in entry.changes) for wanted in changes)


def judge_status(expected, found):
    """Both by kernel: neither more nor less is stale than should be."""
    require(set(expected) == set(found), f"status: tells of {sorted(found)}, not of {sorted(expected)}")
    for kernel, wanted in expected.items():
        require(agree(wanted, found[kernel]), f"status of {kernel}: {found[kernel]}, should be {wanted}")


def judge_exit(found, code):
    """1 if an entry is not current."""
    wanted = max((4 if it.state == "unknown" else it.state != "current" for it in found.values()), default=0)
    require(code == wanted, f"status: ends with {code}, should with {int(wanted)}")


def in_order(kernels):
    """As refresh is to take them: the running one last."""
    return sorted(kernels, key=lambda kernel: (kernel == RUNNING, kernel))


def _words(entries):
    return [f"{kernel}: {entry}" for kernel, entry in entries.items()]


class Walk:
    """`new` is a second machine, which is made anew whenever there is something to compare with."""

    def __init__(self, system, new, plugin=True, sparing=False):
        """`plugin`: kernel-install starts the generator. `sparing`: only what was touched is made on the new machine."""
        self.system, self.new, self.plugin, self.sparing = system, new, plugin, sparing
        self.kernels, self._reworded, self._seen = set(), set(), {CALLED: 0, GENERATED: 0}

    def _lines(self, name):
        """What came to a log since it was asked for last."""
        lines = self.system.lines(name)
        fresh, self._seen[name] = lines[self._seen[name] :], len(lines)
        return fresh

    def _made(self):
        return {name: snapshot.of(self.system.path(name)) for name in (self.system.esp, "var/lib/kip")}

    def _told(self):
        """But for what depmod writes, which kernel-install starts."""
        found = {name: snapshot.of(self.system.path(name)) for name in _TOLD}
        return {f"{name}/{path}": it for name, files in found.items() for path, it in files.items()
                if "/modules." not in path and it[0]}  # fmt: skip

    def _status(self, expected):
        found, code, _ = reports.status(self.system)
        judge_status(expected, found)
        judge_exit(found, code)

    def _judge_untouched(self, step, before, after):
        """What refresh did not have to write it did not write."""
        for path in snapshot.differences(before, after):
            kernel = next((kernel for kernel in self.kernels if kernel in path), None)
            done = step.done(kernel) if kernel else ""
            leaf = path.rsplit("/", 1)[-1]
            swapped = done == "swapped" and leaf.startswith("initrd")
            require(done == "rebuilt" or swapped, f"refresh touched {path}")

    def _behind_early(self, kernel):
        """What a swap must leave as it is."""
        (file,) = self.system.manifests()[f"{TOKEN}@{kernel}.json"]["files"]
        early = sum(part["size"] for part in file["parts"] if part["kind"] == "early")
        return self.system.path(file["path"].lstrip("/")).read_bytes()[early:]

    def _foretold(self, step):
        """What -n says, which must do nothing."""
        made, told = self._made(), self._told()
        foretold, dry = reports.foretold(self.system)
        require(self._made() == made and self._told() == told, "refresh -n wrote something")
        require(not self._lines(CALLED) and not self._lines(GENERATED), "refresh -n started something")
        require(list(foretold) == in_order(self.kernels), f"refresh -n: takes {list(foretold)}, not the running one last")
        for kernel, seen in foretold.items():
            wanted = step.done(kernel)
            require(seen.state == wanted, f"refresh -n of {kernel}: {seen}, should be {wanted}: {dry.err[-400:]}")
        return foretold, dry

    def _refresh(self, step):
        """-n, then the same in earnest."""
        foretold, dry = self._foretold(step)
        made, told = self._made(), self._told()
        kept = {kernel: self._behind_early(kernel) for kernel in self.kernels if step.done(kernel) == "swapped"}
        done, run = reports.refresh(self.system)
        require(done == foretold, f"refresh: foretold {_words(foretold)}, did {_words(done)}: {run}")
        words = {step.done(kernel) for kernel in self.kernels}
        wanted = int(bool(words & {"waiting", "refused"}))
        require(run.exit == dry.exit == wanted, f"refresh: ends with {run.exit}, -n with {dry.exit}, should with {wanted}")
        require(step.says in run.out + run.err, f"refresh does not say '{step.says}': {run}")
        self._judge_untouched(step, made[self.system.esp], self._made()[self.system.esp])
        require(self._told() == told, "refresh changed what it was told")
        for kernel, data in kept.items():
            require(self._behind_early(kernel) == data, f"the swap changed more of {kernel} than the early part")
        self._judge_calls(step)

    def _judge_calls(self, step):
        """Nothing was started without need."""
        rebuilt = in_order(kernel for kernel in self.kernels if step.done(kernel) == "rebuilt")
        called, generated = self._lines(CALLED), self._lines(GENERATED)
        adds = [f"add {kernel}" for kernel in rebuilt]
        require(called == adds, f"refresh: kernel-install was run as {called}, should be {adds}")
        wanted = rebuilt if self.plugin or step.generates else []
        require(generated == wanted, f"refresh: the generator was run for {generated}, not for {wanted}")

    def _compare(self, step):
        """With a machine that has never known anything else."""
        done = {kernel: step.done(kernel) for kernel in self.kernels}
        self._reworded |= self.kernels if step.rewords else set()
        self._reworded -= {kernel for kernel, what in done.items() if what == "rebuilt"}
        if not step.same_base:
            return
        failing = {kernel for kernel in self.kernels if step.left(kernel)[0] == "pending"}
        fresh = {kernel for kernel, what in done.items() if what in ("rebuilt", "swapped")} | (set(step.adds) - failing)
        made = fresh if self.sparing else self.kernels | set(step.forgets)
        if not made:
            return
        self.new.take(self.system)
        for kernel in sorted(set(self.new.kernels()) & made):
            run = self.new.install(kernel)
            require(run.exit == 0 or kernel in failing, f"on a new machine: {run}")
        same.judge_images(self.system, self.new, made if self.sparing else None, self._reworded & self.kernels)
        same.judge_manifests(self.system, self.new, sorted(fresh - self._reworded))

    def step(self, step):
        """Carries out one step; evidence for its line, or a Fault."""
        step.act(self.system)
        self.kernels = (self.kernels | set(step.adds)) - set(step.drops)
        called = self._lines(CALLED)
        self._lines(GENERATED)
        require(called == list(step.calls), f"the step ran kernel-install as {called}")
        self._status({kernel: step.expected(kernel) for kernel in self.kernels})
        self._refresh(step)
        self.kernels -= set(step.forgets)
        self._status({kernel: step.left(kernel) for kernel in self.kernels})
        self._compare(step)
        if step.undo:
            step.undo(self.system)
            self._lines(CALLED)
            self._lines(GENERATED)
        named = sorted(self.kernels & set(step.status))
        return "; ".join(f"{name}: {step.expected(name)[0]}, {step.done(name)}" for name in named) or "current"

