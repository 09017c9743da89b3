#include "actors/net/link.h"

#include <algorithm>
#include <utility>

#include "actors/net/options.h"
#include "base/limits.h"

namespace shoal::actors {
namespace {

constexpr Duration patience_min = milliseconds(50);
constexpr Duration patience_max = milliseconds(2000);
constexpr int broken_turns_max = 16;  // to read what a broken link left

}  // namespace

void Link::Dealer::close(int linger_ms) {
  if (!socket.is_open()) return;
  monitor.close(socket);
  socket.close(linger_ms);
}

Result<std::unique_ptr<Link>> Link::dial(Context& context, const std::string& address, const std::string& process) {
  auto parsed = parse_address(address);
  SHOAL_TRY(parsed);
  std::unique_ptr<Link> link(new Link(context, std::move(*parsed), process));
  link->patience_ = patience_min;
  SHOAL_TRY(link->redial());
  return link;
}

Result<std::unique_ptr<Link::Dealer>> Link::open(bool bulk) {
  auto dealer = std::make_unique<Dealer>();
  dealer->socket = Socket(context_, ZMQ_DEALER);
  set_lane_options(dealer->socket, address_, routing_id_of({process_, number_, bulk}),
                   bulk ? limits::bulk_hwm_messages : limits::link_hwm_messages);
  dealer->monitor.open(context_, dealer->socket);
  SHOAL_TRY(dealer->socket.connect(address_.text()));
  return dealer;
}

Result<void> Link::redial() {
  redial_at_ = time_never;
  number_ = context_.next_number();
  auto plain = open(false);
  SHOAL_TRY(plain);
  plain_ = std::move(*plain);
  return {};
}

bool Link::send(protocol::Frames frames) {
  if (!plain_ || !plain_->up || broken_) return false;
  const bool large = bytes_of(frames) > limits::bulk_bytes_min;
  const bool sent = large ? send_bulk(std::move(frames)) : plain_->socket.send(frames) == Sent::yes;
  if (!sent) break_off();  // serve() does the rest: nothing may be sent behind what was lost
  return sent;
}

// From here on only what had come before is read.
void Link::break_off() {
  broken_ = true;
  for (const auto* dealer : {&plain_, &bulk_}) {
    if (*dealer) (*dealer)->socket.stir();
  }
}

bool Link::send_bulk(protocol::Frames frames) {
  if (!bulk_) {
    auto opened = open(true);
    if (!opened) return false;
    bulk_ = std::move(*opened);
  }
  bulk_waiting_bytes_ += bytes_of(frames);
  bulk_waiting_.push_back(std::move(frames));
  flush_bulk();
  return bulk_waiting_bytes_ <= limits::bulk_backlog_bytes_max;
}

void Link::flush_bulk() {
  while (bulk_ && bulk_->up && !bulk_waiting_.empty()) {
    const std::size_t bytes = bytes_of(bulk_waiting_.front());
    if (bulk_->socket.send(bulk_waiting_.front()) != Sent::yes) return;
    bulk_waiting_bytes_ -= bytes;
    bulk_waiting_.pop_front();
  }
}

void Link::watch(const Changed& changed) {
  while (plain_ && !broken_) {
    const auto happening = plain_->monitor.next();
    if (!happening) break;
    if (happening->ends_link()) break_off();
    if (happening->kind != Happening::Kind::handshaken) continue;
    plain_->up = true;
    changed(true);
  }
  while (bulk_ && !broken_) {
    const auto happening = bulk_->monitor.next();
    if (!happening) break;
    if (happening->ends_link()) break_off();
    if (happening->kind == Happening::Kind::handshaken) bulk_->up = true;
  }
}

// Whether nothing is left to read.
bool Link::read(Dealer* dealer, std::size_t budget, const Got& got) {
  if (dealer == nullptr) return true;
  for (std::size_t n = 0; n < budget; ++n) {
    if (!dealer->socket.receive(incoming_)) return true;
    patience_ = patience_min;
    got(incoming_);
  }
  return false;
}

void Link::serve(std::size_t budget, Time now, const Changed& changed, const Got& got) {
  watch(changed);
  const bool plain_read = read(plain_.get(), budget, got);
  const bool bulk_read = read(bulk_.get(), budget, got);
  if (!broken_) flush_bulk();
  if (broken_ && ((plain_read && bulk_read) || ++broken_turns_ >= broken_turns_max)) {
    hang_up(0);
    redial_at_ = now + patience_;
    patience_ = std::min(2 * patience_, patience_max);
    changed(false);
  }
  if (redial_at_ <= now && !redial()) redial_at_ = now + patience_max;
}

void Link::each_wait(const Wait& visit) {
  for (Dealer* dealer : {plain_.get(), bulk_.get()}) {
    if (dealer == nullptr) continue;
    visit(dealer->socket, true);
    visit(dealer->monitor.socket(), false);
  }
}

void Link::hang_up(int linger_ms) {
  for (auto* dealer : {&plain_, &bulk_}) {
    if (*dealer) (*dealer)->close(linger_ms);
    dealer->reset();
  }
  bulk_waiting_.clear();
  bulk_waiting_bytes_ = 0;
  broken_ = false;
  broken_turns_ = 0;
}

}  // namespace shoal::actors
