#include "sdk/stage_core.h"

#include <string>
#include <utility>

namespace shoal::sdk {

Result<StageAnswer> StageCore::on_stage(const StageRequest&) {
  return Error{Code::internal, "this stage decides nothing about requests: override on_stage()"};
}

Result<StageAnswer> StageCore::on_review(const ReviewRequest&) {
  return Error{Code::internal, "this stage decides nothing about answers: override on_review()"};
}

void StageCore::on_stage_request(const StageRequest& request, Decide decide) {
  const Decide tell = std::move(decide);
  tell(on_stage(request));
}

void StageCore::on_review_request(const ReviewRequest& request, Decide decide) {
  const Decide tell = std::move(decide);
  tell(on_review(request));
}

void StageCore::on_request(const CallRequest& request, Answer answer) {
  const auto decide = [answer](const Result<StageAnswer>& decided) {
    if (!decided) return answer(decided.error());
    answer(protocol::pack(*decided).bytes);
  };
  if (request.method == protocol::stage_method) {
    const auto asked = protocol::parse_stage_request({request.payload});
    return asked ? on_stage_request(*asked, decide) : answer(asked.error());
  }
  if (request.method == protocol::review_method) {
    const auto asked = protocol::parse_review_request({request.payload});
    return asked ? on_review_request(*asked, decide) : answer(asked.error());
  }
  CallCore::on_request(request, std::move(answer));
}

}  // namespace shoal::sdk
