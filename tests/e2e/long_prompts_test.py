"""Prompts of the longest size, many at once: they are refused or answered, and nobody else suffers for them."""

import unittest

from mesh import Edge, Mesh

LONGEST = "x" * (8 << 20)
COUNT = 16


class LongPrompts(unittest.TestCase):
    def test_sixteen_of_the_longest_prompts_leave_the_others_alone(self):
        with Mesh() as mesh, Edge(mesh.address) as many, Edge(mesh.address) as few, \
                Edge(mesh.addresses[1]) as elsewhere:
            names = [many.submit(LONGEST) for _ in range(COUNT)]
            for innocent in (few, elsewhere) * 5:
                end, _ = innocent.ask("What is 17 + 25?")
                self.assertEqual(end["type"], "DONE", end)
            codes = [many.receive_end(name).get("code") for name in names]
            self.assertEqual(set(codes), {"context_length"})  # one after the other, none refused
            self.assertEqual({p["kind"] for p in few.status()},
                             {"gateway", "preprocess", "router", "inference", "postprocess"})
            self.assertEqual(len(few.status()), 10)


if __name__ == "__main__":
    unittest.main()
