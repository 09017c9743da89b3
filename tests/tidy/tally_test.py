"""scripts/tally counts what the test programs say, and never takes a crash for a success."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TALLY = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "tally"


def tally(*entries):
    """(the last line of the output, the exit status) for a log of these (result, stdout) tests."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as log:
        for result, stdout in entries:
            log.write(json.dumps({"name": "t", "result": result, "duration": 0.1, "stdout": stdout}) + "\n")
        log.flush()
        done = subprocess.run([sys.executable, TALLY, log.name], capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[-1], done.returncode


def tally_text(output):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as log:
        log.write(output)
        log.flush()
        done = subprocess.run([sys.executable, TALLY, log.name], capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[-1], done.returncode


class Tally(unittest.TestCase):
    """One sentence a behaviour."""

    def test_a_test_without_a_count_of_its_own_counts_once(self):
        self.assertEqual(tally(("OK", "fine")), ("1 passed, 0 failed", 0))

    def test_the_cases_of_doctest_unittest_and_plain_lines_are_added_up(self):
        doctest = "\x1b[0;36m[doctest] \x1b[0mtest cases:  7 |  7 passed | 0 failed | 0 skipped"
        self.assertEqual(tally(("OK", doctest), ("OK", "Ran 3 tests in 0.1s\n\nOK"), ("OK", "2 passed, 0 failed")),
                         ("12 passed, 0 failed", 0))

    def test_failed_cases_are_counted_and_fail_the_run(self):
        doctest = "[doctest] test cases: 7 | 5 passed | 2 failed | 0 skipped"
        unit = "Ran 3 tests in 0.1s\n\nFAILED (failures=1, errors=1)"
        self.assertEqual(tally(("FAIL", doctest), ("FAIL", unit)), ("6 passed, 4 failed", 1))

    def test_a_crash_after_passing_cases_is_a_failure(self):
        self.assertEqual(tally(("FAIL", "[doctest] test cases: 2 | 2 passed | 0 failed | 0 skipped")),
                         ("2 passed, 1 failed", 1))
        self.assertEqual(tally(("TIMEOUT", "")), ("0 passed, 1 failed", 1))

    def test_skipped_tests_are_named_and_no_test_at_all_is_a_failure(self):
        self.assertEqual(tally(("OK", ""), ("SKIP", "")), ("1 passed, 0 failed, 1 skipped", 0))
        self.assertEqual(tally(), ("0 passed, 0 failed", 1))

    def test_a_program_of_its_own_is_counted_by_its_last_line(self):
        self.assertEqual(tally_text("3 passed, 9 failed\nof which\n5 passed, 0 failed\n"), ("5 passed, 0 failed", 0))
        self.assertEqual(tally_text("5 passed, 2 failed\n"), ("5 passed, 2 failed", 1))
        self.assertEqual(tally_text("5 passed, 0 failed\nkilled\n"), ("0 passed, 1 failed", 1))

    def test_a_log_that_is_missing_is_a_failure(self):
        done = subprocess.run([sys.executable, TALLY, "/nowhere.json"], capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout.splitlines()[-1], done.returncode), ("0 passed, 1 failed", 1))


if __name__ == "__main__":
    unittest.main()
