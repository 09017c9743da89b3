// What messages and tokens cost on their way through a process, without sockets, on one thread: bytes in, codec, core,
// codec, bytes out. path_bench [--case=NAME] [--count=N] [--json] [MODEL_DIRECTORY]
//
//   hop        a CALL of 200 bytes answered by a core that echoes           floor: the bytes copied
//   relay      TOKENS of 32 streams, one id each, to TEXT, per token        floor: the output V(p) alone
//   owner      TEXT to DELTA at the gateway, per token                      floor: the same frames copied
//   tokenizer  English, Chinese and code to ids, per byte                   floor: the text read once
//
// With --case and --count so many items are run once, for counting instructions (instructions.py).
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/chain.h"
#include "base/check.h"
#include "protocol/codec.h"
#include "services/postprocess/postprocess_core.h"
#include "tests/unit/services/gateway_bench.h"
#include "text/tokenizer.h"

using namespace shoal;
using namespace shoal::test;

namespace {

using Json = nlohmann::json;

// Keeps the compiler from dropping what a sum depends on.
void keep(std::size_t sum) { asm volatile("" : : "r"(sum) : "memory"); }

// Runs at least so many items and returns how many.
using Work = std::function<std::size_t(std::size_t count)>;

struct Case {
  const char* unit;  // of one item
  double scale;      // items in a unit: 1e6 for MB
  Work work;
  Work floor;
};

std::vector<std::string_view> views_of(const protocol::Frames& frames) { return {frames.begin(), frames.end()}; }

protocol::Message decoded(const protocol::Frames& frames) {
  const auto views = views_of(frames);
  return protocol::decode(views).value();
}

std::size_t bytes_of(const protocol::Frames& frames) {
  std::size_t bytes = 0;
  for (const auto& frame : frames) bytes += frame.size();
  return bytes;
}

std::size_t copied(const protocol::Frames& frames, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const protocol::Frames copy = frames;  // NOLINT(performance-unnecessary-copy-initialization): it is measured
    keep(static_cast<unsigned char>(copy.back().back()));
  }
  return count;
}

class Echo : public actors::Core {
public:
  void on(actors::Event event, Time, actors::Effects& out) override {
    const auto& received = std::get<actors::Received>(event);
    const auto& call = std::get<protocol::Call>(received.message.body);
    out.send(received.from, make_message(protocol::CallResult{call.id, Code::ok, "", call.payload}));
  }
};

std::size_t encode_all(actors::Effects& effects) {
  std::size_t bytes = 0;
  for (const actors::Effect& effect : effects.take()) {
    if (const auto* send = std::get_if<actors::Send>(&effect)) bytes += bytes_of(protocol::encode(send->message));
    if (const auto* reply = std::get_if<actors::ReplyClient>(&effect)) bytes += reply->frame.size();
  }
  return bytes;
}

Case hop_case() {
  protocol::Call call{1, "bench-echo", "echo", {std::string(136, 'x')}};
  const auto frames = protocol::encode(make_message(call));
  return {"messages", 1,
          [frames](std::size_t count) {
            Echo core;
            actors::Effects effects;
            for (std::size_t i = 0; i < count; ++i) {
              core.on(actors::Received{1, decoded(frames)}, Time{}, effects);
              keep(encode_all(effects));
            }
            return count;
          },
          [frames](std::size_t count) { return copied(frames, count); }};
}

constexpr std::size_t streams = 32;
constexpr Position tokens_per_stream = 4096;  // then its streams begin anew

// A relay with running streams, and the TOKENS messages that they get.
class RelayLoad {
public:
  RelayLoad(std::shared_ptr<const text::Tokenizer> tokenizer, std::vector<TokenId> ids)
      : tokenizer_(std::move(tokenizer)), ids_(std::move(ids)) {}

  std::size_t run(std::size_t count) {
    std::size_t done = 0;
    for (; done < count; done += streams) {
      if (done % (streams * tokens_per_stream) == 0) begin();
      const auto frames = protocol::encode(make_message(next()));
      core_->on(actors::Received{20, decoded(frames)}, Time{}, effects_);
      keep(encode_all(effects_));
    }
    return done;
  }

  // V(p) alone.
  std::size_t floor(std::size_t count) {
    std::vector<text::Visible> all(streams, text::Visible(tokenizer_, {}));
    for (std::size_t i = 0; i < count; ++i) {
      keep(all[i % streams].feed(ids_[i / streams % ids_.size()]).content.size());
    }
    return count;
  }

private:
  void begin() {
    core_ = std::make_unique<postprocess::PostprocessCore>(
        postprocess::PostprocessCore::Config{.tokenizer_digest = tokenizer_->digest()}, tokenizer_);
    position_ = 0;
    chains_.clear();
    for (std::size_t i = 0; i < streams; ++i) {
      protocol::Head head;
      head.request.bytes[0] = static_cast<std::uint8_t>(i + 1);
      head.chain = chain_start(head.stream());
      head.budget_ms = UINT32_MAX;
      protocol::Attach attach;
      attach.owner = 10;
      attach.journal.tokenizer_digest = tokenizer_->digest();
      attach.journal.prompt.ids = {1};
      attach.journal.parameters.max_tokens = UINT32_MAX;
      core_->on(actors::Received{10, make_message(attach, head)}, Time{}, effects_);
      effects_.take();
      chains_.push_back(head.chain);
    }
  }

  protocol::Tokens next() {
    protocol::Tokens tokens;
    const TokenId id = ids_[position_ % ids_.size()];
    for (std::size_t i = 0; i < streams; ++i) {
      tokens.handles.push_back(static_cast<std::uint32_t>(i + 1));
      tokens.attempts.push_back(0);
      tokens.positions.push_back(position_);
      tokens.chains.push_back(chains_[i]);
      tokens.counts.push_back(1);
      tokens.flags.push_back(0);
      tokens.ids.ids.push_back(id);
      chains_[i] = chain_over(chains_[i], std::span(&id, 1));
    }
    ++position_;
    return tokens;
  }

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::vector<TokenId> ids_;
  std::unique_ptr<postprocess::PostprocessCore> core_;
  actors::Effects effects_;
  std::vector<Chain> chains_;
  Position position_ = 0;
};

// Texts of this repository: English prose and tables, Chinese, C++.
const std::vector<std::string> english = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "protocol/README.md"};
const std::vector<std::string> chinese = {"README.zh-CN.md"};
const std::vector<std::string> code = {"protocol/codec_read.cc", "services/gateway/gateway_core.cc",
                                       "text/tokenizer/bpe.cc"};

std::string read(const std::vector<std::string>& files) {
  std::string all;
  for (const std::string& name : files) {
    std::ifstream file(std::string(SHOAL_SOURCE_DIR "/") + name, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

Case relay_case(const std::shared_ptr<const text::Tokenizer>& tokenizer) {
  const auto ids = tokenizer->encode(read(english), text::Parse::plain).value();
  const auto load = std::make_shared<RelayLoad>(tokenizer, ids);
  return {"tokens", 1, [load](std::size_t count) { return load->run(count); },
          [load](std::size_t count) { return load->floor(count); }};
}

// TEXT with one id each, to one stream after another.
Case owner_case() {
  const auto frames_of = [](const Gateway& gateway, char letter) {
    protocol::Text text;
    text.content = letter;
    text.ids.ids = {static_cast<TokenId>(letter)};
    return protocol::encode(make_message(std::move(text), gateway.head));
  };
  const auto work = [frames_of](std::size_t count) {
    Gateway gateway;
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 64 == 0) {  // answers of 64 tokens
        gateway.ask({.id = std::to_string(i)});
        gateway.started();
      }
      const auto frames = frames_of(gateway, 'a');
      gateway.bench.give(actors::Received{test::relay, decoded(frames)});
      for (const auto& reply : gateway.bench.replies) keep(reply.frame.size());
      const TokenId id = 'a';
      ++gateway.head.position;
      gateway.head.chain = chain_over(gateway.head.chain, std::span(&id, 1));
    }
    return count;
  };
  Gateway gateway;
  gateway.running();
  const auto frames = frames_of(gateway, 'a');
  return {"tokens", 1, work, [frames](std::size_t count) { return copied(frames, count); }};
}

Case tokenizer_case(const std::shared_ptr<const text::Tokenizer>& tokenizer, const std::vector<std::string>& files) {
  const std::string text = read(files);
  return {"MB", 1e6,
          [tokenizer, text](std::size_t count) {
            std::vector<TokenId> ids;
            std::size_t done = 0;
            for (; done < count; done += text.size()) {
              ids.clear();
              SHOAL_CHECK(tokenizer->encode(text, text::Parse::plain, ids).has_value());
              keep(ids.size());
            }
            return done;
          },
          [text](std::size_t count) {
            std::size_t done = 0;
            for (; done < count; done += text.size()) {
              std::size_t sum = 0;
              for (const char c : text) sum += static_cast<unsigned char>(c);
              keep(sum);
            }
            return done;
          }};
}

// Items per second of one run.
double run(const Work& work, std::size_t count) {
  const auto start = std::chrono::steady_clock::now();
  const auto done = static_cast<double>(work(count));
  return done / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Items per second: the best of three runs of about half a second.
double rate_of(const Work& work) {
  double rate = run(work, 1024);
  for (int i = 0; i < 4; ++i) rate = std::max(rate, run(work, static_cast<std::size_t>(rate / 2) + 1));
  return rate;
}

struct Options {
  std::string chosen;
  std::size_t count = 0;
  bool json = false;
  std::string model = "models/shoal-tiny";
};

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    if (word.starts_with("--case=")) {
      options.chosen = word.substr(7);
    } else if (word.starts_with("--count=")) {
      options.count = std::stoull(std::string(word.substr(8)));
    } else if (word == "--json") {
      options.json = true;
    } else {
      options.model = word;
    }
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = read_options(count, arguments);
  const auto tokenizer = text::Tokenizer::open(options.model);
  if (!tokenizer) {
    std::fprintf(stderr, "path_bench: %s\n", tokenizer.error().text.c_str());
    return 1;
  }
  const std::map<std::string, Case> cases = {{"hop", hop_case()},
                                             {"owner", owner_case()},
                                             {"relay", relay_case(*tokenizer)},
                                             {"tokenizer_chinese", tokenizer_case(*tokenizer, chinese)},
                                             {"tokenizer_code", tokenizer_case(*tokenizer, code)},
                                             {"tokenizer_english", tokenizer_case(*tokenizer, english)}};
  if (!options.chosen.empty() && cases.count(options.chosen) == 0) {
    std::fprintf(stderr, "path_bench: there is no case %s\n", options.chosen.c_str());
    return 2;
  }
  if (options.count > 0) {
    std::printf("items=%zu\n", cases.at(options.chosen).work(options.count));
    return 0;
  }
  Json report = {{"bench", "path"}, {"model", options.model}};
  for (const auto& [name, one] : cases) {
    if (!options.chosen.empty() && name != options.chosen) continue;
    const double rate = rate_of(one.work) / one.scale;
    const double floor = rate_of(one.floor) / one.scale;
    report[name] = {{"unit", one.unit}, {"per_s", rate}, {"floor_per_s", floor}, {"ratio", floor / rate}};
    if (!options.json) std::printf("%-18s %12.1f %s/s, floor %.1f\n", name.c_str(), rate, one.unit, floor);
  }
  if (options.json) std::printf("%s\n", report.dump().c_str());
  return 0;
}
