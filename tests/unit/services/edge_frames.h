// Frames of clients that call, serve and publish, and what a gateway tells them, field by field.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway_bench.h"
#include "protocol/pack.h"
#include "protocol/value.h"

namespace shoal::test {

inline const actors::ClientId caller{"caller", false}, server{"server", false}, other_server{"other", false};
inline constexpr Epoch clock_process = 60, other_clock = 61, other_gateway = 2;

// A map of text; `payload` is bytes.
inline std::string frame(const std::vector<std::pair<std::string, std::string>>& fields) {
  protocol::Packer packer;
  packer.map(fields.size());
  for (const auto& [key, value] : fields) {
    packer.string(key);
    if (key == "payload") {
      packer.bytes(value);
    } else {
      packer.string(value);
    }
  }
  return packer.take();
}

inline std::string call(const std::string& id, const std::string& kind, const std::string& payload = "") {
  return frame({{"type", "CALL"}, {"id", id}, {"kind", kind}, {"method", "tell"}, {"payload", payload}});
}
inline std::string serve(const std::string& kind, const std::string& id = "s") {
  return frame({{"type", "SERVE"}, {"id", id}, {"kind", kind}});
}
inline std::string result(const std::string& id, const std::string& payload) {
  return frame({{"type", "RESULT"}, {"id", id}, {"payload", payload}});
}

// The text and bytes of a frame, by field.
inline std::map<std::string, std::string> fields_of(const std::string& frame) {
  std::map<std::string, std::string> fields;
  const auto document = protocol::Document::parse(frame).value();
  document.root().each_pair([&](const protocol::Value& key, const protocol::Value& value) {
    using Kind = protocol::Value::Kind;
    if (value.is(Kind::string) || value.is(Kind::bytes)) fields[std::string(key.text())] = value.text();
    if (value.is(Kind::integer)) fields[std::string(key.text())] = std::to_string(value.integer());
  });
  return fields;
}

// What the last event told one client: its newest frame.
inline std::map<std::string, std::string> told(const Gateway& gateway, const actors::ClientId& client) {
  for (auto reply = gateway.bench.replies.rbegin(); reply != gateway.bench.replies.rend(); ++reply) {
    if (reply->client == client) return fields_of(reply->frame);
  }
  return {};
}

inline protocol::Entry gateway_serving(const std::string& kinds) {
  auto listed = entry(other_gateway, "gateway");
  listed.labels = {{"serves", kinds}};
  return listed;
}

}  // namespace shoal::test
