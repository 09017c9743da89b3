// A conversation as the model is asked to go on with it: what was said so far, and what is left out once it no longer
// fits. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "cli/client.h"

namespace shoal::cli {

class Conversation {
public:
  // `system` stands before everything and is never left out; empty: nothing does.
  explicit Conversation(const std::string& system);

  // The messages of a SUBMIT that asks this.
  Json asking(const std::string& question) const;

  // A turn: a question and what was answered.
  void add(const std::string& question, const std::string& answer);

  // Leaves out the older half of the turns, rounded up. Half, because a conversation that barely fits leaves an answer
  // no room and has to be cut again at once. Returns how many went; 0 when there were none.
  std::size_t forget_older();

  void clear();
  std::size_t turns() const { return (messages_.size() - first_) / 2; }

private:
  Json messages_ = Json::array();
  std::size_t first_ = 0;  // after the system message
};

}  // namespace shoal::cli
