"""`shoal doctor` on this machine: each thing that can be taken away is taken away once, and is then missed."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import tempfile
import unittest

from mesh import ROOT, Mesh, free_ports, loopback, run_shoal

BUNDLED = ROOT / "models" / "shoal-tiny"


def examine(*arguments, ports=None, **options):
    """(exit code, findings by check) of one look, at ports that are free unless given."""
    ports = ports or free_ports()
    done = run_shoal("doctor", "--json", f"--client_port={ports.client}", f"--router_port={ports.router}", *arguments,
                     **options)
    report = json.loads(done.stdout)
    findings = {}
    for finding in report["findings"]:
        findings.setdefault(finding["check"], []).append(finding)
    assert report["ok"] == (done.returncode == 0), done
    return done.returncode, findings


class Doctor(unittest.TestCase):
    def missing(self, check, *arguments, **options):
        """The finding that is missing under this name, where the exit code must say so."""
        code, findings = examine(*arguments, **options)
        self.assertEqual(code, 1)
        found = [finding for finding in findings[check] if finding["state"] == "missing"]
        self.assertEqual(len(found), 1, findings[check])
        self.assertTrue(found[0]["command"])
        return found[0]

    def test_a_machine_that_runs_these_tests_can_run_a_mesh(self):
        code, findings = examine(f"--model={BUNDLED}")
        self.assertEqual(code, 0, [f for fs in findings.values() for f in fs if f["state"] == "missing"])
        self.assertIn("deepseek_v2", findings["model"][0]["text"])

    def test_for_people_each_line_has_a_state_and_what_mends_it(self):
        ports = free_ports()
        done = run_shoal("doctor", "--model=/nonexistent", f"--client_port={ports.client}",
                         f"--router_port={ports.router}")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^ok +cores +\d+ core")
        self.assertRegex(done.stdout, r"(?m)^MISSING +model +.*/nonexistent.*\n +\$ shoal up --model=DIR")

    def test_a_port_that_somebody_has_is_named_with_its_holder(self):
        ports = free_ports()
        # The answers of the second gateway, and the second router.
        for port, option in ((ports.client + 12, f"--client-port={ports.client + 1000}"),
                             (ports.router + 1, f"--router-port={ports.router + 1000}")):
            with self.subTest(option=option), contextlib.closing(socket.socket()) as holder:
                holder.bind(("127.0.0.1", port))
                holder.listen()
                finding = self.missing(f"port {port}", ports=ports)
                self.assertIn(f"(process {os.getpid()})", finding["text"])
                self.assertIn(option, finding["command"])

    def test_a_folder_that_cannot_be_written_is_missing(self):
        self.missing("run folder", "--run_dir=/proc/1")

    def test_a_broken_model_is_missing_with_the_engine_s_own_words(self):
        with tempfile.TemporaryDirectory() as directory:
            model = pathlib.Path(directory, "model")
            shutil.copytree(BUNDLED, model)
            shard = sorted(model.glob("*.safetensors"))[0]
            with shard.open("r+b") as file:
                file.truncate(shard.stat().st_size // 2)
            self.assertIn(shard.name, self.missing("model", f"--model={model}")["text"])
            shutil.copyfile(BUNDLED / shard.name, shard)
            config = json.loads((model / "config.json").read_text())
            (model / "config.json").write_text(json.dumps({**config, "hidden_size": config["hidden_size"] * 2}))
            self.assertIn("shape", self.missing("model", f"--model={model}")["text"])
            (model / "config.json").write_text(json.dumps(config))
            (model / "tokenizer.json").unlink()
            self.assertIn("tokenizer.json", self.missing("model", f"--model={model}")["text"])

    def test_a_chat_template_that_is_refused_is_a_warning_with_the_sentence_that_conversations_get(self):
        self.assertEqual(examine(f"--model={BUNDLED}")[1]["chat"][0]["state"], "ok")
        with tempfile.TemporaryDirectory() as directory:
            model = pathlib.Path(directory, "model")
            shutil.copytree(BUNDLED, model)
            (model / "chat_template.jinja").write_text("{{ bos_token }}\n{% include 'x' %}", encoding="utf-8")
            code, findings = examine(f"--model={model}")
            finding = findings["chat"][0]
            self.assertEqual((code, findings["model"][0]["state"], finding["state"]), (0, "ok", "warning"))
            self.assertEqual(finding["text"], "raw prompts are served, and conversations refused with: "
                             "chat_template.jinja: line 2: the statement `include` is not supported. "
                             "Raw prompts need no template")
            self.assertIn(f"{model}/chat_template.jinja", finding["command"])

    def test_a_search_path_without_tools_is_a_warning(self):
        code, findings = examine(f"--model={BUNDLED}", env={"PATH": "/nonexistent"})
        self.assertEqual(code, 0)
        self.assertEqual(findings["docker"][0]["state"], "warning")
        self.assertIn("apt-get install", findings["docker"][0]["command"])

    def test_a_mesh_that_is_well_is_ok_and_one_that_is_not_there_is_missing(self):
        with Mesh(gateways=1, routers=1) as mesh:
            code, findings = examine("--model=bytes", f"--connect={mesh.address}")
            self.assertEqual((code, findings["mesh"][0]["state"]), (0, "ok"))
            code, findings = examine("--model=bytes", ports=mesh.ports)
            self.assertEqual((code, findings[f"port {mesh.ports.client}"][0]["state"]), (0, "warning"))
            self.assertIn("gateway", findings[f"port {mesh.ports.client}"][0]["text"])
        self.missing("mesh", "--model=bytes", f"--connect={loopback(free_ports().client)}")


if __name__ == "__main__":
    unittest.main()
