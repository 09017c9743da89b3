// A core for stages of a gateway's pipeline: it looks at a request before it is prepared and lets it pass, replaces its
// messages or refuses it. It may have methods of its own besides. Pure, like every core; lives with its actor.
#pragma once

#include <functional>

#include "protocol/stage.h"
#include "sdk/call_core.h"

namespace shoal::sdk {

using protocol::StageAnswer;
using protocol::StageRequest;

class StageCore : public CallCore {
public:
  using Decide = std::function<void(Result<StageAnswer>)>;

protected:
  // pass(), replace(messages) or refuse(code, text). An Error, and what is thrown, is no verdict: the pipeline treats
  // the stage as if it were down. The same request may be asked about twice and gets the same answer.
  virtual Result<StageAnswer> on_stage(const StageRequest& request);

  // The same for verdicts that come later, after a call() or run_job(): whoever overrides it calls `decide` once.
  virtual void on_stage_request(const StageRequest& request, Decide decide);

  // Hands the method "stage" to the two above, and others to on_call().
  void on_request(const CallRequest& request, Answer answer) override;
};

}  // namespace shoal::sdk
