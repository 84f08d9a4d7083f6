#!/usr/bin/env python3
"""The page of `ucode-pack coverage --html`, as a parser reads it: the same as --json, whole, and nothing from elsewhere.

usage: page_test.py --programs DIR [unittest arguments]
"""

import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import page
import scene

PROGRAMS = None


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory(prefix="kip-page-")
        cls.addClassCleanup(place.cleanup)
        cls.place = Path(place.name)
        cls.words = scene.build(PROGRAMS, cls.place)
        cls.bytes, cls.report = scene.run(PROGRAMS, cls.place, cls.words)
        cls.page = page.Page(cls.bytes.decode())

    def test_its_tags_match(self):
        self.assertEqual(self.page.faults, [])

    def test_its_table_is_that_of_json(self):
        self.assertGreater(len(self.report["cpus"]), 8)
        self.assertEqual(self.page.rows(), page.expected_rows(self.report))

    def test_without_an_old_release_as_well(self):
        at = self.words.index("--firmware-old")
        data, report = scene.run(PROGRAMS, self.place, self.words[:at] + self.words[at + 2 :])
        rows = page.Page(data.decode()).rows()
        self.assertEqual(rows, page.expected_rows(report))
        self.assertNotIn("change", rows[0])

    def test_every_column_has_its_head(self):
        heads = [key for key, _ in self.page.heads["cpus"] if key]
        self.assertEqual(heads, page.COLUMNS)
        self.assertTrue(all(len(row) == len(heads) + 1 for row in self.page.tables["cpus"]))

    def test_says_what_kernels_do(self):
        for row, expected in zip(self.page.tables["cpus"], self.report["cpus"]):
            for answer in expected["answers"]:
                self.assertIn(answer["text"], row[-1][1])
            self.assertIn(expected.get("remedy", ""), row[-1][1])
            if len(expected["answers"]) > 1:
                what = f"{len(expected['answers'])} answers" + (" and a remedy" if "remedy" in expected else "")
                self.assertTrue(row[-1][1].startswith(what), row[-1][1])

    def test_says_what_its_words_mean(self):
        words, meanings = self.page.legend[::2], self.page.legend[1::2]
        self.assertTrue(all(meanings))
        for row in self.report["cpus"]:
            for word in (row["state"], row["verdict"], row["change"], *row["faults"]):
                self.assertIn(word, words)
        told = {row["state"] for row in self.report["cpus"]}
        self.assertLess({"behind", "current", "unserved", "guest"}, told)

    def test_names_every_fault(self):
        self.assertTrue(self.report["faults"])
        lines = [line for line in self.page.totals if line.startswith("fault: ")]
        self.assertEqual(len(lines), len(self.report["faults"]))
        for line, fault in zip(lines, self.report["faults"]):
            self.assertTrue(line.startswith(f"fault: {fault['fault']}: ") and line.endswith(fault["text"]), line)

    def test_has_costs_and_cpus_without_a_loader(self):
        costs = [[text for _, text in row] for row in self.page.tables["costs"]]
        self.assertEqual(costs, [[str(it[key]) for key in ("cpu", "machines", "guests", "bytes", "bytes_alone")] for it in self.report["costs"]])
        others = [[text for _, text in row] for row in self.page.tables["others"]]
        self.assertEqual(others, [[it["vendor"], it["name"], str(it["machines"])] for it in self.report["without_loader"]])
        self.assertEqual(others[0][0], scene.HOSTILE)

    def test_has_totals(self):
        text = "\n".join(self.page.totals)
        self.assertIn(f"{self.report['machines']} machines", text)
        self.assertIn(f"{self.report['archive']['bytes']} bytes", text)
        self.assertIn(f"fault: budget: the archive is over {self.report['archive']['max_size']} bytes", text)
        self.assertIn(f"{self.report['totals']['machines_gain']} machines would run something newer", text)

    def test_loads_nothing(self):
        self.assertEqual((self.page.loads, self.page.handlers), ([], []))
        text = self.bytes.decode()
        self.assertNotRegex(text, r"(?i)url\(|@import|https?:|//[a-z]|fetch\(|XMLHttp|eval\(|innerHTML")
        self.assertIn("default-src 'none'", text)

    def test_has_no_script_but_ours(self):
        self.assertEqual(len(self.page.scripts), 1)
        self.assertEqual(len(re.findall(r"(?i)<script", self.bytes.decode())), 1)

    def test_is_for_light_and_dark(self):
        text = self.bytes.decode()
        self.assertIn("prefers-color-scheme: dark", text)
        self.assertIn("color-scheme: light dark", text)

    def test_is_the_same_each_time(self):
        self.assertEqual(scene.run(PROGRAMS, self.place, self.words)[0], self.bytes)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "--programs":
        sys.exit(__doc__)
    PROGRAMS = Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
