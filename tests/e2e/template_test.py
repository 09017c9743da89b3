"""Chat templates as checkpoints have them, through a real mesh: the bundled model beside a chat_template.jinja."""

import pathlib
import tempfile
import unittest

from mesh import ROOT, Edge, Mesh

MODEL = ROOT / "models" / "shoal-tiny"
ONE_OF_EACH = dict.fromkeys(("gateways", "routers", "preprocesses", "inferences", "postprocesses"), 1)


@unittest.skipUnless(list(MODEL.glob("*.safetensors")), "models/shoal-tiny has no weights here")
class ChatTemplates(unittest.TestCase):
    def start(self, template):
        folder = tempfile.TemporaryDirectory(prefix="shoal-template-")
        self.addCleanup(folder.cleanup)
        for file in MODEL.iterdir():
            (pathlib.Path(folder.name) / file.name).symlink_to(file)
        (pathlib.Path(folder.name) / "chat_template.jinja").write_text(template, encoding="utf-8")
        mesh = Mesh(folder.name, **ONE_OF_EACH)
        self.addCleanup(mesh.close)
        edge = Edge(mesh.address)
        self.addCleanup(edge.__exit__)
        return edge

    def raw(self, edge, prompt, **parameters):
        edge.messages.clear()
        edge.send(type="SUBMIT", id="raw", prompt=prompt, max_tokens=1, stream=False, **parameters)
        done = edge.receive_end("raw")
        self.assertEqual(done["type"], "DONE", done)
        return done["usage"]["prompt_tokens"]

    def refused(self, edge, *words):
        error = edge.receive_end(edge.submit("Hi"))
        self.assertEqual((error["type"], error["code"]), ("ERROR", "invalid_request"))
        for word in words:
            self.assertIn(word, error["message"])

    def test_a_template_that_is_not_understood_leaves_raw_prompts(self):
        edge = self.start("{{ bos_token }}\n{% include 'x' %}")
        self.refused(edge, "chat_template.jinja: line 2: the statement `include` is not supported",
                     "Raw prompts need no template")
        self.assertGreater(self.raw(edge, "Hi"), 1)

    def test_what_a_template_refuses_is_refused_in_its_words(self):
        edge = self.start("{{ raise_exception('Conversation roles must alternate') }}")
        self.refused(edge, "Conversation roles must alternate")

    def test_control_tokens_of_a_raw_prompt_are_tokens_only_if_allowed(self):
        edge = self.start("{{ messages[0].content }}")
        self.assertEqual(self.raw(edge, "<｜User｜>x", allow_special=True), 3)  # with BOS
        self.assertGreater(self.raw(edge, "<｜User｜>x"), 3)


if __name__ == "__main__":
    unittest.main()
