#include "services/gateway/review.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace shoal::gateway {
namespace {

using protocol::Channel;

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// The end of `text`, on a character boundary.
void keep_end(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  std::size_t from = text.size() - bytes_max;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
  text.erase(0, from);
}

}  // namespace

void Review::add(const protocol::Text& text, Position position, Chain chain) {
  const bool both = !text.reasoning.empty() && !text.content.empty();
  if (both) push(0, {Channel::reasoning, text.reasoning, {}, {}, added_, added_chain_});  // the ids come with the rest
  const bool thinks = !both && !text.reasoning.empty();
  const std::string& rest = thinks ? text.reasoning : text.content;
  added_ = position;
  added_chain_ = chain;
  if (rest.empty() && text.ids.ids.empty()) return;
  push(0, {thinks ? Channel::reasoning : Channel::content, rest, text.ids.ids, text.logprobs, added_, added_chain_});
}

void Review::push(std::size_t stage, Piece piece) {
  while (stage < stations_.size() && stations_[stage].skipped) ++stage;
  if (stage == stations_.size()) return passed_.push_back(std::move(piece));
  stations_[stage].fresh = stations_[stage].fresh || !piece.text.empty();
  stations_[stage].waiting.push_back(std::move(piece));
}

void Review::end(std::size_t stage) {
  while (stage < stations_.size() && stations_[stage].skipped) stations_[stage++].ended = true;
  if (stage == stations_.size()) {
    done_ = true;
  } else {
    stations_[stage].ended = true;
  }
}

bool Review::begin(std::size_t stage) {
  Station& station = stations_[stage];
  if (station.open || station.skipped || (station.ended && station.is_last)) return false;
  std::size_t bytes = 0, with_text = 0, at = 0;
  bool channel_ends = false;
  Channel channel = station.channel;
  for (; at < station.waiting.size(); ++at) {
    const Piece& piece = station.waiting[at];
    if (piece.text.empty()) continue;
    channel_ends = bytes > 0 && piece.channel != channel;
    if (channel_ends || (bytes > 0 && bytes + piece.text.size() > limits::review_text_bytes_max)) break;
    channel = piece.channel;
    bytes += piece.text.size();
    with_text = at + 1;
  }
  const bool all = at == station.waiting.size();
  const bool last = all && station.ended;
  // Too much waits for text that may never come: ids without any, behind what the stage held back.
  const bool full =
      !station.waiting.empty() && station.waiting.back().position - station.position >= limits::ahead_ids_max / 2;
  if (!last && !full && (with_text == 0 || !station.fresh)) return false;
  if (bytes > 0 && channel != station.channel) {
    station.channel = channel;
    station.before.clear();
  }
  station.open = true;
  station.fresh = !all;
  station.is_last = last;
  station.may_hold = !last && !full && !channel_ends;
  station.asked = last || full ? at : with_text;
  station.asking = {};
  return true;
}

protocol::ReviewRequest Review::window(std::size_t stage) const {
  const Station& station = stations_[stage];
  protocol::ReviewRequest request;
  request.channel = station.channel;
  request.before = station.before;
  request.position = station.asked == 0 ? station.position : station.waiting[station.asked - 1].position;
  request.is_final = station.is_last;
  request.hold_max = station.may_hold ? limits::review_hold_bytes_max : 0;
  for (std::size_t i = 0; i < station.asked; ++i) request.text += station.waiting[i].text;
  return request;
}

// What has passed, in order. What is held back stays at the front.
Review::Taken Review::take(Station& station, std::size_t hold) {
  std::string text;
  for (std::size_t i = 0; i < station.asked; ++i) text += station.waiting[i].text;
  std::size_t left = utf8_cut(text, text.size() - std::min(hold, text.size()));
  const bool holds = left < text.size();
  Taken taken;
  Position position = station.position;
  Chain chain = station.chain;
  for (; station.asked > 0 && (left > 0 || !holds); --station.asked) {
    Piece& front = station.waiting.front();
    if (front.text.size() > left) {  // its ids come with its end
      taken.pieces.push_back({front.channel, front.text.substr(0, left), {}, {}, position, chain, front.replaced});
      taken.parted = true;
      front.text.erase(0, left);
      break;
    }
    left -= front.text.size();
    position = front.position;
    chain = front.chain;
    taken.pieces.push_back(std::move(front));
    station.waiting.pop_front();
  }
  station.open = false;
  station.asked = 0;
  station.asking = {};
  return taken;
}

void Review::pass(std::size_t stage, std::size_t hold) {
  SHOAL_CHECK(stations_[stage].open);
  move_on(stage, take(stations_[stage], hold).pieces);
}

void Review::replace(std::size_t stage, std::string text, std::size_t hold) {
  Station& station = stations_[stage];
  SHOAL_CHECK(station.open);
  const Taken taken = take(station, hold);
  Piece whole{station.channel, std::move(text), {}, {}, station.position, station.chain, true};
  if (!taken.pieces.empty()) {
    whole.position = taken.pieces.back().position;
    whole.chain = taken.pieces.back().chain;
  }
  if (taken.parted) {  // its ids would tell what was replaced
    Piece& rest = station.waiting.front();
    rest.replaced = true;
    rest.ids.clear();
    rest.logprobs.clear();
  }
  std::vector<Piece> pieces;
  pieces.push_back(std::move(whole));
  move_on(stage, std::move(pieces));
}

void Review::move_on(std::size_t stage, std::vector<Piece> pieces) {
  for (Piece& piece : pieces) {
    remember(stations_[stage], piece);
    push(stage + 1, std::move(piece));
  }
  if (stations_[stage].is_last) end(stage + 1);
}

void Review::remember(Station& station, const Piece& piece) {
  station.position = piece.position;
  station.chain = piece.chain;
  station.before += piece.text;
  keep_end(station.before, limits::review_before_bytes_max);
}

void Review::put_back(std::size_t stage) {
  Station& station = stations_[stage];
  station.open = station.is_last = false;
  station.fresh = true;
  station.asking = {};
}

void Review::skip(std::size_t stage) {
  Station& station = stations_[stage];
  station.skipped = true;
  station.open = false;
  station.asking = {};
  for (Piece& piece : std::exchange(station.waiting, {})) push(stage + 1, std::move(piece));
  if (station.ended) end(stage + 1);
}

std::vector<Review::Passed> Review::take_passed() {
  std::vector<Passed> runs;
  bool of_replaced = false;
  for (Piece& piece : std::exchange(passed_, {})) {
    replaced_ = replaced_ || piece.replaced;
    if (runs.empty() || piece.replaced != of_replaced) runs.emplace_back();
    of_replaced = piece.replaced;
    protocol::Text& text = runs.back().text;
    (piece.channel == Channel::reasoning ? text.reasoning : text.content) += piece.text;
    append(text.ids.ids, std::move(piece.ids));
    append(text.logprobs, std::move(piece.logprobs));
    runs.back().position = shown_ = piece.position;
    runs.back().chain = shown_chain_ = replaced_ ? 0 : piece.chain;
  }
  return runs;
}

Position Review::idle() const {
  Position positions = 0;
  for (const Station& station : stations_) {
    if (!station.open && !station.waiting.empty()) positions += station.waiting.back().position - station.position;
  }
  return positions;
}

}  // namespace shoal::gateway
