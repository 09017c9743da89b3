"""A model directory that cannot be served: `shoal inference` refuses to start, with file, tensor and expectation named
on its standard error and exit status 78 (EX_CONFIG)."""

import json
import pathlib
import resource
import shutil
import tempfile
import unittest

from mesh import ROOT, Service, free_ports, loopback, run_shoal

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
NORM = "model.norm.weight"  # [32]
KV_B = "model.layers.0.self_attn.kv_b_proj.weight"  # [64, 32]


class Model:
    """A small good model in a folder of its own, for a test to spoil."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.copytree(ROOT / "tests" / "golden" / "tiny" / "lite", self.folder, dirs_exist_ok=True)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(ROOT / "models" / "shoal-tiny" / name, self.folder)
        raw = self.path(WEIGHTS).read_bytes()
        size = int.from_bytes(raw[:8], "little")
        self.header, self.data = json.loads(raw[8:8 + size]), raw[8 + size:]

    def path(self, name):
        return self.folder / name

    def read(self, name):
        return json.loads(self.path(name).read_text(encoding="utf-8"))

    def write(self, name, value):
        self.path(name).write_text(json.dumps(value), encoding="utf-8")

    def weights(self, name=WEIGHTS):
        """Writes header and data as they are now."""
        header = json.dumps(self.header).encode()
        self.path(name).write_bytes(len(header).to_bytes(8, "little") + header + self.data)

    def config(self, **changes):
        self.write("config.json", {**self.read("config.json"), **changes})


class BadCheckpoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal-model-")
        self.addCleanup(folder.cleanup)
        self.model = Model(folder.name)

    def refused(self, file, *names, kind="inference"):
        """The process ends with 78 and one line that names the file and all of `names`."""
        done = run_shoal(kind, f"--model={self.model.folder}", "--routers=tcp://127.0.0.1:1")
        self.assertEqual(done.returncode, 78, done.stderr)
        refusal = done.stderr.splitlines()[-1]
        self.assertTrue(refusal.startswith(f"shoal {kind}: bad_checkpoint: {self.model.path(file)}"), refusal)
        for name in names:
            self.assertIn(name, refusal)

    def test_the_unspoiled_model_is_served(self):
        ports = free_ports(1, 1)
        address = loopback(ports.router)
        services = [Service("router", address, bind=address)]
        try:
            services.append(Service("inference", address, model=str(self.model.folder)))
        finally:
            for service in services:
                service.end()

    def test_a_process_that_may_not_have_the_memory_says_how_much_it_wanted(self):
        for mib in (100, 200):
            with self.subTest(mib=mib):
                done = run_shoal("inference", f"--model={ROOT / 'models' / 'shoal-tiny'}",
                                 "--routers=tcp://127.0.0.1:1",
                                 preexec_fn=lambda size=mib << 20: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertRegex(done.stderr, r"takes \d+ MiB.*address space \(ulimit -v\)")

    def test_a_missing_tensor(self):
        self.model.header["another"] = self.model.header.pop(NORM)
        self.model.weights()
        self.refused("", NORM, "is missing", "expected shape [32]")

    def test_a_tensor_of_the_wrong_shape(self):
        self.model.header[KV_B]["shape"].reverse()
        self.model.weights()
        self.refused(WEIGHTS, KV_B, "shape is [32, 64]", "expected [64, 32]")

    def test_a_shape_that_does_not_take_its_bytes(self):
        self.model.header[KV_B]["shape"] = [64, 33]
        self.model.weights()
        self.refused(WEIGHTS, KV_B, "data_offsets span", "expected what shape [64, 33]")

    def test_overlapping_tensors(self):
        tensors = {name: entry for name, entry in self.model.header.items() if name != "__metadata__"}
        order = sorted((entry["data_offsets"], name) for name, entry in tensors.items())
        second = order[1][1]
        self.model.header[second]["data_offsets"] = [offset - 4 for offset in order[1][0]]
        self.model.weights()
        self.refused(WEIGHTS, second, "expected", "overlaps another tensor")

    def test_offsets_out_of_range(self):
        size = len(self.model.data)
        begin, end = self.model.header[NORM]["data_offsets"]
        self.model.header[NORM]["data_offsets"] = [size + begin, size + end]
        self.model.weights()
        self.refused(WEIGHTS, NORM, f"data_offsets end at {size + end}", f"expected at most {size}")

    def test_a_truncated_file(self):
        whole = self.model.path(WEIGHTS).read_bytes()
        for size, *names in ((len(whole) - 1, "tensor ", "truncated"), (len(whole) // 2, "tensor ", "truncated"),
                             (100, "header claims", "expected at most 92"), (7, "at least 8 bytes", "truncated"),
                             (0, "not empty")):
            with self.subTest(size=size):
                self.model.path(WEIGHTS).write_bytes(whole[:size])
                self.refused(WEIGHTS, *names)

    def test_a_header_that_is_no_json(self):
        self.model.path(WEIGHTS).write_bytes((4).to_bytes(8, "little") + b"{{{{" + self.model.data)
        self.refused(WEIGHTS, "expected the header to be a JSON object")

    def test_an_unknown_architecture(self):
        self.model.config(model_type="gpt2")
        self.refused("config.json", "model_type is", "gpt2", "expected deepseek_v2")

    def test_an_unknown_dtype(self):
        self.model.header[NORM]["dtype"] = "F31"
        self.model.weights()
        self.refused(WEIGHTS, NORM, "unknown dtype F31", "expected one like BF16")

    def test_a_dtype_that_kernels_cannot_read(self):
        self.model.header[NORM]["dtype"] = {2: "I16", 4: "I32"}[4 if self.model.header[NORM]["dtype"] == "F32" else 2]
        self.model.weights()
        self.refused(WEIGHTS, NORM, "dtype is I", "expected BF16, F16 or F32")

    def test_a_missing_file(self):
        for name, sentence in {"config.json": "cannot open", WEIGHTS: "cannot open",
                               "tokenizer.json": "is missing"}.items():
            with self.subTest(name=name):
                kept = self.model.path(name).read_bytes()
                self.model.path(name).unlink()
                self.refused(name, sentence)
                self.model.path(name).write_bytes(kept)

    def test_an_empty_folder_and_none_at_all(self):
        for path in list(self.model.folder.iterdir()):
            path.unlink()
        self.refused("config.json", "cannot open")
        self.model.folder = self.model.folder / "nowhere"
        self.refused("config.json", "cannot open")

    def test_an_index_that_names_an_absent_shard(self):
        index = {"weight_map": {name: "model-00001-of-00002.safetensors" for name in self.model.header}}
        self.model.path(WEIGHTS).rename(self.model.path("model-00001-of-00002.safetensors"))
        index["weight_map"].pop("__metadata__", None)
        index["weight_map"][NORM] = "model-00002-of-00002.safetensors"
        self.model.write(INDEX, index)
        self.refused("model-00002-of-00002.safetensors", "No such file")

    def test_an_index_that_names_another_shard_or_leaves_the_folder(self):
        self.model.write(INDEX, {"weight_map": {"nobody.weight": WEIGHTS}})
        self.refused(INDEX, "nobody.weight", f"expected in {WEIGHTS}")
        self.model.write(INDEX, {"weight_map": {NORM: "../" + WEIGHTS}})
        self.refused(INDEX, NORM, "same directory")
        self.model.write(INDEX, {"weight_map": 5})
        self.refused(INDEX, "weight_map")

    def test_a_broken_config(self):
        for text, *names in (("{", "expected a JSON object"), ("", "expected a JSON object"),
                             ("[]", "expected a JSON object"), ("{}", "model_type", "expected deepseek_v2")):
            with self.subTest(text=text):
                self.model.path("config.json").write_text(text, encoding="utf-8")
                self.refused("config.json", *names)

    def test_a_config_whose_numbers_make_no_sense(self):
        for key, value in (("hidden_size", -5), ("hidden_size", "many"), ("num_hidden_layers", 1e9),
                           ("rope_scaling", {"type": "linear"}), ("quantization_config", {"quant_method": "fp8"})):
            with self.subTest(key=key, value=value):
                kept = self.model.read("config.json")
                self.model.config(**{key: value})
                self.refused("config.json", key, "expected")
                self.model.write("config.json", kept)

    def test_files_that_nest_without_end(self):
        deep = "[" * 1_000_000 + "]" * 1_000_000
        self.model.path("config.json").write_text('{"hidden_size": ' + deep + "}", encoding="utf-8")
        self.refused("config.json", "nested deeper than 64")

    def test_a_broken_tokenizer(self):
        whole = self.model.path("tokenizer.json").read_text(encoding="utf-8")
        for text, *names in ((whole[:1000], "not JSON"), ("[]", "expected an object"), ("{}", '"model" is missing'),
                             ('{"model": {"type": "Unigram"}}', "expected type BPE, not Unigram")):
            with self.subTest(text=text[:40]):
                self.model.path("tokenizer.json").write_text(text, encoding="utf-8")
                for kind in ("inference", "preprocess", "postprocess"):
                    self.refused("tokenizer.json", *names, kind=kind)


if __name__ == "__main__":
    unittest.main()
