"""A headless Chromium, told what to do through a pair of pipes (Chrome DevTools Protocol: JSON, each message ended by a NUL).

Owns the process and the messages; refuses to know pages. Nothing is fetched: the browser has no network but what a page asks
for, and every request is written down.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 60  # seconds for any one answer


def path() -> str | None:
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    def __init__(self):
        self._home = tempfile.TemporaryDirectory(prefix="kip-browser-")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()

        def pipes():  # the browser reads 3 and writes 4
            for given, wanted in ((os.dup(theirs_in), 3), (os.dup(theirs_out), 4)):
                os.dup2(given, wanted)

        self._process = subprocess.Popen(
            [path(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             f"--user-data-dir={self._home.name}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=pipes, pass_fds=(3, 4), start_new_session=True,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._number, self._rest, self.events = 0, b"", []
        self._session = None
        target = next(it for it in self.ask("Target.getTargets")["targetInfos"] if it["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._out)
        os.close(self._in)
        os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: nobody else is in it
        self._process.wait()
        self._home.cleanup()

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            signal.alarm(TIMEOUT)
            piece = os.read(self._in, 1 << 20)
            signal.alarm(0)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._rest += piece
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method: str, **parameters) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, file, scripts=True, dark=False, size=(1500, 900)) -> None:
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.ask("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        self.events.clear()
        self.ask("Page.navigate", url=file.absolute().as_uri())
        while not any(it.get("method") == "Page.loadEventFired" for it in self.events):
            self.events.append(self._next())

    def requests(self) -> list[str]:
        return [it["params"]["request"]["url"] for it in self.events if it.get("method") == "Network.requestWillBeSent"]

    def complaints(self) -> list:
        kinds = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [it["params"] for it in self.events if it.get("method") in kinds]

    def evaluate(self, expression: str):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screenshot(self, to) -> None:
        to.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
