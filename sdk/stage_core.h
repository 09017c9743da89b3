// A core for stages of a gateway's pipeline. Before the model it looks at a request and lets it pass, replaces its
// messages or refuses it; after the model it does so with the answer, piece by piece as it becomes visible. One stage
// may do both, and may have methods of its own besides. Pure, like every core; lives with its actor.
#pragma once

#include <functional>

#include "protocol/stage.h"
#include "sdk/call_core.h"

namespace shoal::sdk {

using protocol::ReviewRequest;
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

  // The same of a piece of an answer: pass(), pass_all_but(bytes), replace_text(text, bytes) or refuse(code, text). At
  // most one piece of an answer is asked about at a time, and pieces of one answer may go to different processes: what
  // was passed before is in `before`, and the last bytes of a text that may go on (half a word) are seen again with
  // what follows if they are held back, up to hold_max.
  virtual Result<StageAnswer> on_review(const ReviewRequest& request);
  virtual void on_review_request(const ReviewRequest& request, Decide decide);

  // Hands the methods "stage" and "review" to those above, and others to on_call().
  void on_request(const CallRequest& request, Answer answer) override;
};

}  // namespace shoal::sdk
