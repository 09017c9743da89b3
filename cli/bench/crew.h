// The processes of one measurement: this same program as children, in a directory of their own that goes with them.
// Lives on the main thread.
#pragma once

#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/client.h"
#include "cli/up/child.h"

namespace shoal::cli::bench {

class Crew {
public:
  // Fails with io when no directory can be made.
  static Result<Crew> make();
  Crew(Crew&& other) noexcept;
  Crew& operator=(Crew&&) = delete;
  // Kills who still runs.
  ~Crew();

  const std::string& directory() const { return directory_; }

  // Starts `shoal <kind> <arguments>` and waits for its `ready` line. The reference stays valid. Fails with io, or with
  // timeout when the line does not come; the text shows the end of its log.
  Result<const Child*> start(const std::string& kind, std::vector<std::string> arguments);

  // Waits for a child to end by itself and returns the JSON of its line `result {…}`.
  Result<Json> result_of(const Child& child, milliseconds wait);

  // Kills all and waits for their ends.
  void end();

  // Seconds of processor time that each running child has used so far, by kind; all its threads.
  std::map<std::string, double> cpu_seconds() const;

private:
  explicit Crew(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
  std::list<Child> children_;
};

}  // namespace shoal::cli::bench
