#include "cli/up/up_voice.h"

#include <cstdio>

#include "cli/command.h"
#include "cli/report.h"

namespace shoal::cli {
void UpVoice::say(const std::string& event, const Json& fields, const std::string& sentence) const {
  if (json_) {
    Json line = {{"time", utc_now()}, {"event", event}};
    line.update(fields);
    print_json(line);
  } else if (!sentence.empty()) {
    std::printf("%s\n", sentence.c_str());
    std::fflush(stdout);
  }
}

int UpVoice::refuse(const Error& error, const std::string& remark) const {
  if (json_) {
    report("up", error, true);
  } else if (error.code == Code::bad_config) {
    return usage_error("up", error.text);
  } else {
    std::fprintf(stderr, "shoal up: %s: %s\n", std::string(name(error.code)).c_str(), error.text.c_str());
    if (!remark.empty()) std::fprintf(stderr, "%s\n", remark.c_str());
  }
  return error.code == Code::bad_config ? exit_code::usage : exit_code::failed;
}

}  // namespace shoal::cli
