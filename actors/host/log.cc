#include "actors/host/log.h"

#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "actors/host/repeats.h"
#include "base/key_values.h"

namespace shoal::actors {
namespace {

constexpr std::size_t message_bytes_max = 8u << 10;  // of one line

// "2026-01-31T12:00:00.123Z"
std::string utc(std::chrono::system_clock::time_point when) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32];
  char text[48];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(ms % 1000));
  return text;
}

// Without line ends and control characters, so that nobody's text can look like a line of its own.
std::string one_line(std::string_view message) {
  std::string line;
  for (const char c : message.substr(0, message_bytes_max)) {
    line += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return line;
}

class Formatter : public spdlog::formatter {
public:
  explicit Formatter(LogConfig config) : config_(std::move(config)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string line = log_line(config_, message.time, {level.data(), level.size()},
                                      {message.payload.data(), message.payload.size()}) +
                             '\n';
    to.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(config_); }

private:
  LogConfig config_;
};

// Standard error, without what was said a moment ago.
class Sink : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    const auto since_epoch = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
    const auto withheld = repeats_.admit(text, Time(since_epoch));
    if (!withheld) return;
    spdlog::memory_buf_t line;
    const std::string counted = *withheld == 0 ? text : text + " repeated=" + std::to_string(*withheld);
    spdlog::details::log_msg whole = message;
    whole.payload = counted;
    formatter_->format(whole, line);
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  void flush_() override { std::fflush(stderr); }

private:
  Repeats repeats_;
};

}  // namespace

std::string log_line(const LogConfig& config, std::chrono::system_clock::time_point when, std::string_view level,
                     std::string_view message) {
  const std::pair<std::string, std::string> head[] = {
      {"time", utc(when)}, {"level", std::string(level)}, {"kind", config.kind}, {"epoch", config.epoch}};
  if (config.format != "json") {
    std::string line;
    for (const auto& [key, value] : head) {
      if (!value.empty()) line += key + '=' + quoted_value(value) + ' ';
    }
    return line + one_line(message);
  }
  nlohmann::ordered_json line = nlohmann::ordered_json::object();
  for (const auto& [key, value] : head) {
    if (!value.empty()) line[key] = value;
  }
  for (auto& [key, value] : key_values(message.substr(0, message_bytes_max))) {
    std::string free = key;
    while (line.contains(free)) free += "_2";
    line[free] = std::move(value);
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void start_log(const LogConfig& config) {
  auto logger = std::make_shared<spdlog::logger>("shoal", std::make_shared<Sink>());
  logger->set_formatter(std::make_unique<Formatter>(config));
  logger->set_level(spdlog::level::from_str(config.level));
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_on(spdlog::level::info);
}

void log_now(const LogConfig& config, std::string_view level, std::string_view message) {
  if (spdlog::level::from_str(std::string(level)) < spdlog::level::from_str(config.level)) return;
  std::fputs((log_line(config, std::chrono::system_clock::now(), level, message) + '\n').c_str(), stderr);
}

void log_refusal(const LogConfig& config, const Error& error) {
  const std::string code(name(error.code));
  if (config.format == "json") {
    log_now(config, "error", "event=refused code=" + code + " text=" + quoted_value(error.text));
  } else {
    std::fprintf(stderr, "shoal %s: %s: %s\n", config.kind.c_str(), code.c_str(), error.text.c_str());
  }
}

}  // namespace shoal::actors
