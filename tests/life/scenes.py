"""Machines for situations: of this system (Debian 12, kernel-install 252), furnished, with two kernels installed."""

import contextlib
from pathlib import Path

import goods
import machine
import reports
from fault import require
from goods import OTHER, RUNNING
from system import TOKEN, System

LEFT_ALONE = ("current", "refused", "waiting", "not tried")


def blank(at, programs, esp="boot", debian=False, **more):
    """A machine that knows nothing yet but its generator."""
    system = System(at, programs, esp=esp, **more)
    (goods.generator_of_debian if debian else goods.generator_as_plugin)(system)
    return system


def install(system, *kernels):
    """The kernels with their modules."""
    for kernel in kernels:
        goods.kernel(system, kernel)
        goods.module(system, kernel)
        done = system.install(kernel)
        require(done.exit == 0, f"kernel-install: {done}")


@contextlib.contextmanager
def living(scratch, programs, kernels=(RUNNING, OTHER), before=None, **more):
    """A machine with kernels, as a context. `before` is done to it before the first one."""
    machine.HOST.check()
    with blank(Path(scratch) / "machine", programs, **more) as system:
        goods.furnish(system)
        if before:
            before(system)
        install(system, *kernels)
        expect_current(system, kernels)
        yield system


def states(system):
    """{kernel: state} by status."""
    return {kernel: entry.state for kernel, entry in reports.status(system)[0].items()}


def expect_states(system, expected, when=""):
    """A Fault unless status says exactly this."""
    found = states(system)
    require(found == expected, f"status{when}: {found}, should be {expected}")


def expect_current(system, kernels=(RUNNING, OTHER), when=""):
    """A Fault unless these kernels are all that is recorded, and are current."""
    expect_states(system, dict.fromkeys(kernels, "current"), when)


def refresh(system, exit_status, expected, *arguments):
    """`kip refresh` must end so, and say this of each kernel, in this order. Its command."""
    found, done = reports.refresh(system, *arguments)
    told = {kernel: entry.state for kernel, entry in found.items()}
    require(list(told.items()) == list(expected.items()), f"refresh: {told}, should be {expected}: {done}")
    require(done.exit == exit_status, f"refresh ends with {done.exit}, should with {exit_status}: {done}")
    return done


def record(kernel):
    """The name of an entry's manifest."""
    return f"{TOKEN}@{kernel}.json"
