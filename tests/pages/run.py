#!/usr/bin/env python3
"""The page of `ucode-pack coverage --html` in a real headless browser, with and without JavaScript.

usage: run.py --programs DIR [--screenshots DIR]
Exit: 0 passed, 1 failed, 77 no browser is here.
"""

import argparse
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import browser
import page
import scene

ROWS = """[...document.querySelectorAll('#cpus tbody tr')].filter((row) => SHOWN).map((row) => Object.fromEntries(
  [...row.querySelectorAll('[data-key]')].map((cell) => [cell.dataset.key, cell.innerText])))"""
ALL, SHOWN = ROWS.replace("SHOWN", "true"), ROWS.replace("SHOWN", "row.offsetHeight > 0")
OPTIONS = None


def colour(name):
    return f"getComputedStyle(document.body).{name}"


class InABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory(prefix="kip-pages-")
        cls.addClassCleanup(place.cleanup)
        cls.place = Path(place.name)
        cls.words = scene.build(OPTIONS.programs, cls.place)
        _, cls.report = scene.run(OPTIONS.programs, cls.place, cls.words)
        cls.expected = page.expected_rows(cls.report)
        cls.browser = cls.enterClassContext(browser.Browser())

    def open(self, **how):
        file = self.place / "page.html"
        self.browser.open(file, **how)
        self.assertEqual(self.browser.requests(), [file.absolute().as_uri()])
        self.assertEqual(self.browser.complaints(), [])

    def picture(self, name):
        if OPTIONS.screenshots:
            OPTIONS.screenshots.mkdir(parents=True, exist_ok=True)
            self.browser.screenshot(OPTIONS.screenshots / f"{name}.png")

    def test_is_a_table_without_scripts(self):
        self.open(scripts=False)
        self.assertEqual(self.browser.evaluate(SHOWN), self.expected)
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('form')[0].offsetHeight"), 0)
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('button').length"), 0)
        self.browser.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
        text = self.browser.evaluate("document.querySelector('#cpus').innerText")
        for row in self.report["cpus"]:
            for answer in row["answers"]:
                self.assertIn(answer["text"], text)
        for word in {row[key] for row in self.expected for key in ("state", "verdict", "change")}:
            self.assertIn(word, self.browser.evaluate("document.querySelector('#legend').innerText"))
        self.picture("plain")

    def test_is_the_same_table_with_scripts(self):
        self.open()
        self.assertEqual(self.browser.evaluate(SHOWN), self.expected)
        self.assertGreater(self.browser.evaluate("document.querySelectorAll('form')[0].offsetHeight"), 0)
        self.picture("light")

    def click(self, key):
        self.browser.evaluate(f"document.querySelector('th[data-key=\"{key}\"] button').click()")
        return self.browser.evaluate(SHOWN)

    def test_sorts_by_every_column_up_and_down(self):
        self.open()
        for key in page.COLUMNS:
            value = (lambda row: int(row[key])) if key in ("machines", "bytes", "bytes_alone") else lambda row: row[key]
            up = self.click(key)
            self.assertEqual([value(row) for row in up], sorted(map(value, self.expected)), key)
            down = self.click(key)
            self.assertEqual([value(row) for row in down], sorted(map(value, self.expected), reverse=True), key)
            self.assertEqual(sorted(map(str, down)), sorted(map(str, self.expected)))
        self.picture("sorted")

    def choose(self, label, word):
        self.browser.evaluate(
            f"""{{const label = [...document.querySelectorAll('form label')].find((it) => it.firstChild.data === '{label}');
            const field = label.querySelector('input, select'); field.value = '{word}';
            field.dispatchEvent(new Event('input', {{bubbles: true}}));}}"""
        )
        return self.browser.evaluate(SHOWN)

    def test_filters_by_words_and_text(self):
        self.open()
        behind = [row for row in self.expected if row["state"] == "behind"]
        self.assertGreater(len(behind), 1)
        self.assertEqual(self.choose("State", "behind"), behind)
        amd = [row for row in behind if row["vendor"] == "amd"]
        self.assertEqual(self.choose("Vendor", "amd"), amd)
        self.assertEqual(self.browser.evaluate("document.querySelector('output').value"), f"{len(amd)} of {len(self.expected)} rows")
        self.picture("filtered")
        self.choose("Vendor", "")
        self.assertEqual(self.choose("State", ""), self.expected)
        found = self.choose("Search", "0X2C000410")
        self.assertTrue(found)
        self.assertTrue(all("0x2c000410" in str(row) for row in found))
        self.assertEqual(self.choose("Search", "no such text"), [])
        self.assertEqual(self.choose("Search", ""), self.expected)

    def test_is_dark_where_that_is_preferred(self):
        self.open()
        light = self.browser.evaluate(colour("backgroundColor")), self.browser.evaluate(colour("color"))
        self.open(dark=True)
        dark = self.browser.evaluate(colour("backgroundColor")), self.browser.evaluate(colour("color"))
        self.assertNotEqual(light, dark)
        self.picture("dark")

    def test_fits_a_narrow_window(self):
        self.open(size=(420, 800))
        self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), 420)
        self.picture("narrow")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--screenshots", type=Path, help="keep pictures here")
    global OPTIONS
    OPTIONS = parser.parse_args()
    if not browser.path():
        print("pages: not tried, no browser here (Debian: chromium)", file=sys.stderr)
        return 77
    print(f"pages: in {browser.path()}", file=sys.stderr)
    return 0 if unittest.main(argv=["run.py"], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
