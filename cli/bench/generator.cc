#include "cli/bench/generator.h"

#include <charconv>
#include <string_view>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <msgpack.hpp>

#include "base/limits.h"

namespace shoal::cli::bench {
namespace {

constexpr auto silence_max = std::chrono::seconds(10);
constexpr std::size_t id_digits = 8;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::string digits_of(std::uint32_t number) {
  std::string digits(id_digits, '0');
  for (std::size_t at = id_digits; at-- > 0; number /= 10) digits[at] = static_cast<char>('0' + number % 10);
  return digits;
}

std::string_view text_of(const msgpack::object& value) {
  if (value.type != msgpack::type::STR) return {};
  return {value.via.str.ptr, value.via.str.size};
}

}  // namespace

Generator::Generator(const std::string& gateway, const Request& request, std::uint64_t seed) : random_(seed) {
  dealer_.set(zmq::sockopt::linger, 0);
  dealer_.set(zmq::sockopt::sndhwm, 0);
  dealer_.set(zmq::sockopt::rcvhwm, 0);
  dealer_.connect(gateway);
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  // All but the id is packed once.
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(5);
  packer.pack("type");
  packer.pack("SUBMIT");
  packer.pack("id");
  packer.pack_str(id_digits);
  head_.assign(buffer.data(), buffer.size());
  buffer.clear();
  packer.pack("messages");
  packer.pack_array(1);
  packer.pack_map(2);
  packer.pack("role");
  packer.pack("user");
  packer.pack("content");
  packer.pack(request.text);
  packer.pack("max_tokens");
  packer.pack(request.max_tokens);
  packer.pack("temperature");
  packer.pack(0);
  tail_.assign(buffer.data(), buffer.size());
}

Generator::~Generator() {
  if (timer_ >= 0) close(timer_);
}

Result<Outcome> Generator::closed_loop(std::uint32_t concurrency, double seconds) {
  begin();
  const auto end = begun_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < end) {
    while (open_.size() < concurrency) submit(Clock::now());
    SHOAL_TRY(wait_until({}));
  }
  return finish();
}

Result<Outcome> Generator::open_loop(double per_s, double seconds) {
  begin();
  std::exponential_distribution<double> distance(per_s);
  const auto end = begun_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  auto due = begun_;
  while (due < end) {
    while (Clock::now() < due) SHOAL_TRY(wait_until(due));
    submit(due);
    due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(distance(random_)));
  }
  return finish();
}

Result<Outcome> Generator::sequential(std::uint32_t count) {
  begin();
  for (std::uint32_t i = 0; i < count; ++i) {
    submit(Clock::now());
    while (!open_.empty()) SHOAL_TRY(wait_until({}));
  }
  return finish();
}

void Generator::begin() {
  outcome_ = {};
  open_.clear();
  begun_ = Clock::now();
  cpu_before_ = cpu_seconds();
}

void Generator::submit(Clock::time_point due) {
  open_[next_] = {due};
  const std::string frame = head_ + digits_of(next_++) + tail_;
  dealer_.send(zmq::buffer(frame), zmq::send_flags::none);
}

// Reads what comes until `due`; without it, until something came.
Result<void> Generator::wait_until(std::optional<Clock::time_point> due) {
  zmq::pollitem_t items[] = {{dealer_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, timer_, ZMQ_POLLIN, 0}};
  if (due) {
    const auto left = std::max(*due - Clock::now(), Clock::duration(1));
    const auto ns = std::chrono::nanoseconds(left).count();
    const itimerspec at{{0, 0}, {ns / 1'000'000'000, ns % 1'000'000'000}};
    timerfd_settime(timer_, 0, &at, nullptr);
  }
  if (zmq::poll(items, due ? 2 : 1, due ? std::chrono::milliseconds(-1) : std::chrono::milliseconds(silence_max)) ==
      0) {
    return Error{Code::timeout, "no answer came for ten seconds; " + std::to_string(open_.size()) + " requests wait"};
  }
  return receive_all();
}

Result<void> Generator::receive_all() {
  for (;;) {
    zmq::message_t frame;
    if (!dealer_.recv(frame, zmq::recv_flags::dontwait)) return {};
    SHOAL_TRY(on_frame(frame));
  }
}

Result<void> Generator::on_frame(const zmq::message_t& frame) {
  const auto handle = msgpack::unpack(static_cast<const char*>(frame.data()), frame.size());
  if (handle->type != msgpack::type::MAP) return Error{Code::malformed, "the gateway sent no map"};
  std::string_view type;
  std::string_view id;
  std::string_view message;
  bool has_ids = false;
  for (const auto& [key, value] : handle->via.map) {
    const std::string_view name = text_of(key);
    if (name == "type") type = text_of(value);
    if (name == "id") id = text_of(value);
    if (name == "message") message = text_of(value);
    if (name == "ids") has_ids = value.type == msgpack::type::ARRAY && value.via.array.size > 0;
  }
  if (type == "ERROR") return Error{Code::internal, "the mesh answered: " + std::string(message)};
  std::uint32_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  const auto known = open_.find(number);
  if (known == open_.end()) return {};
  const auto ns = [&] { return std::chrono::nanoseconds(Clock::now() - known->second.due).count(); };
  if (type == "DELTA" && has_ids) {
    ++outcome_.deltas;
    if (!std::exchange(known->second.answered, true)) outcome_.ttft.add(ns());
  } else if (type == "DONE") {
    ++outcome_.done;
    outcome_.total.add(ns());
    open_.erase(known);
  }
  return {};
}

Result<Outcome> Generator::finish() {
  while (!open_.empty()) SHOAL_TRY(wait_until({}));
  outcome_.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  outcome_.cpu_seconds = cpu_seconds() - cpu_before_;
  return std::move(outcome_);
}

}  // namespace shoal::cli::bench
