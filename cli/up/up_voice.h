// What `shoal up` says: sentences for people, or with --json one object a line, each with an `event`, for programs. On
// stdout; errors on stderr. Lives on the main thread.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/client.h"

namespace shoal::cli {

class UpVoice {
public:
  explicit UpVoice(bool json) : json_(json) {}

  bool json() const { return json_; }

  // The sentence, or {"time", "event", …fields}. An empty sentence is not for people.
  void say(const std::string& event, const Json& fields, const std::string& sentence) const;

  // Why there is no mesh; returns exit_code::failed, or exit_code::usage for bad_config.
  int refuse(const Error& error, const std::string& remark = "") const;

private:
  bool json_;
};

}  // namespace shoal::cli
