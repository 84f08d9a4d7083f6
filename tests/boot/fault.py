"""The one exception of the boot tests: a claim that did not hold, or a requirement that is missing.

Everything else that is raised is a mistake in the tests themselves and may end the run with a trace.
"""


class Fault(Exception):
    """A boot's reason to fail, in words fit for its line of the report.

    `log` is the guest's serial output where there is one: on a machine we cannot log in to, its last
    lines are all there is to find the cause with.
    """

    def __init__(self, text, log=""):
        super().__init__(text)
        self.log = log


def require(holds, text):
    """Raises `text` unless `holds`: claims read as claims, and `python -O` cannot switch them off."""
    if not holds:
        raise Fault(text)
