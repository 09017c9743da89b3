// The answer of one stream on its way through the stages after the model: what each of them is to be asked next, and
// what all of them have passed. Text waits here until then, and its ids with it. Pure; lives with its stream.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/chain.h"
#include "protocol/messages.h"
#include "protocol/stage.h"

namespace shoal::gateway {

class Review {
public:
  explicit Review(std::size_t stages) : stations_(stages) {}

  // What the model said next, with where the stream is after it. finish(): it says no more.
  void add(const protocol::Text& text, Position position, Chain chain);
  void finish() { end(0); }

  // Whether the stage is to be asked now, that is not while it is asked, nor again about nothing but what it held back.
  // From here on it counts as asked.
  bool begin(std::size_t stage);

  // What it is asked: text, channel, before, position, final and hold_max are filled in.
  protocol::ReviewRequest window(std::size_t stage) const;

  // The answer: all that it was asked about passes, or `text` instead of it, but for the last `hold` bytes, which come
  // again before what follows them. `hold` counts to the next character boundary and not beyond hold_max.
  void pass(std::size_t stage, std::size_t hold);
  void replace(std::size_t stage, std::string text, std::size_t hold);

  // There was nobody to be asked: as if begin() had not been called.
  void put_back(std::size_t stage);

  // Everything passes this stage unseen from now on.
  void skip(std::size_t stage);

  // What all stages have passed since the last time, one entry for each DELTA. What a stage replaced has no ids.
  struct Passed {
    protocol::Text text;
    Position position = 0;  // after it
    Chain chain = 0;        // 0 from the first replacement on, because a chain tells what the ids before it are
  };
  std::vector<Passed> take_passed();

  // Whether all has passed.
  bool done() const { return done_; }

  // Where the client's answer is: all before `position` was passed and taken.
  Position position() const { return shown_; }
  Chain chain() const { return shown_chain_; }

  // Positions that wait for more text and not for a verdict: a stage holds their text back, or they have none yet.
  Position idle() const;

  // The open CALL of a stage (0: none), and how often its process was lost while it was asked about this window.
  struct Asking {
    std::uint64_t call = 0;
    std::uint32_t losses = 0;
  };
  Asking& asking(std::size_t stage) { return stations_[stage].asking; }
  std::size_t stages() const { return stations_.size(); }

private:
  // Text of one channel and the ids that it was made by. Ids without text stand before the text that comes of them.
  struct Piece {
    protocol::Channel channel = protocol::Channel::content;
    std::string text;
    std::vector<TokenId> ids;
    std::vector<protocol::TextLogprobs> logprobs;
    Position position = 0;
    Chain chain = 0;
    bool replaced = false;
  };
  struct Station {
    std::deque<Piece> waiting;
    std::size_t asked = 0;  // of these, from the front; meaningful while `open`
    bool open = false;
    bool fresh = false;    // there is text that the stage has not seen
    bool is_last = false;  // what is asked ends the answer
    bool may_hold = false;
    bool ended = false;  // nothing comes after what waits
    bool skipped = false;
    std::string before;  // the end of what passed here of this channel
    protocol::Channel channel = protocol::Channel::content;
    Position position = 0;  // of what passed here
    Chain chain = 0;
    Asking asking;
  };

  struct Taken {
    std::vector<Piece> pieces;
    bool parted = false;  // the first piece that is held back lost the beginning of its text
  };

  void push(std::size_t stage, Piece piece);
  void end(std::size_t stage);
  static Taken take(Station& station, std::size_t hold);
  void move_on(std::size_t stage, std::vector<Piece> pieces);
  static void remember(Station& station, const Piece& piece);

  std::vector<Station> stations_;
  std::deque<Piece> passed_;
  Position added_ = 0;  // of what the model said
  Chain added_chain_ = 0;
  Position shown_ = 0;
  Chain shown_chain_ = 0;
  bool replaced_ = false;
  bool done_ = false;
};

}  // namespace shoal::gateway
