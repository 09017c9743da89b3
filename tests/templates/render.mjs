// Renders every conversation of conversations.json with every chat template that the test data holds and with those of
// own/, by @huggingface/jinja, for tests/unit/text/published_templates_test.cc to compare with.
// usage: node render.mjs NODE_MODULES COLLECTION OUT
// Writes one JSON object a line: {name, source, tokens, conversation, messages, text} or, if the template refuses the
// conversation, `error` instead of `text`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, collection, out] = process.argv.slice(2).map((path) => resolve(path));
const { Template } = createRequire(join(modules, "x"))("@huggingface/jinja");
const here = fileURLToPath(new URL(".", import.meta.url));
const conversations = JSON.parse(readFileSync(join(here, "conversations.json"), "utf8"));

// The test's clock stands at 2024-07-26 09:05:00, a Friday.
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...when) {
    super(...(when.length > 0 ? when : [2024, 6, 26, 9, 5, 0]));
  }
};

function* published() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "../package.json"), "utf8"));
  for (const dependency of Object.keys(dependencies).filter((name) => name.startsWith("@lenml/tokenizer-"))) {
    const config = JSON.parse(readFileSync(join(modules, dependency, "models/tokenizer_config.json"), "utf8"));
    const tokens = {};
    for (const key of ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]) {
      const content = config[key]?.content ?? config[key];
      if (typeof content === "string") tokens[key] = content;
    }
    const name = dependency.replace("@lenml/tokenizer-", "");
    if (typeof config.chat_template === "string") yield { name, source: config.chat_template, tokens };
    for (const one of Array.isArray(config.chat_template) ? config.chat_template : []) {
      yield { name: `${name} ${one.name}`, source: one.template, tokens };
    }
  }
}

// Files of templates alone, whose tokens nobody tells.
function* files(folder, kind) {
  const tokens = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" };
  for (const file of readdirSync(folder).filter((file) => file.endsWith(".jinja")).sort()) {
    const name = `${kind} ${file.replace(".jinja", "")}`;
    yield { name, source: readFileSync(join(folder, file), "utf8"), tokens };
  }
}

const lines = [];
const collected = [...files(collection, "collected"), ...files(join(here, "own"), "own")];
for (const { name, source, tokens } of [...published(), ...collected]) {
  const template = new Template(source);
  for (const [conversation, pairs] of Object.entries(conversations)) {
    const messages = pairs.map(([role, content]) => ({ role, content }));
    const line = { name, source, tokens, conversation, messages };
    try {
      line.text = template.render({
        ...tokens, messages, tools: null, documents: null, add_generation_prompt: true,
      });
    } catch (error) {
      line.error = error.message;
    }
    lines.push(JSON.stringify(line));
  }
}
writeFileSync(out, lines.join("\n") + "\n");
