#include "sdk/stage_core.h"

#include <string>
#include <utility>

namespace shoal::sdk {

Result<StageAnswer> StageCore::on_stage(const StageRequest&) {
  return Error{Code::internal, "this stage decides nothing: override on_stage()"};
}

void StageCore::on_stage_request(const StageRequest& request, Decide decide) {
  const Decide tell = std::move(decide);
  tell(on_stage(request));
}

void StageCore::on_request(const CallRequest& request, Answer answer) {
  if (request.method != protocol::stage_method) return CallCore::on_request(request, std::move(answer));
  const auto asked = protocol::parse_stage_request({request.payload});
  if (!asked) return answer(asked.error());
  on_stage_request(*asked, [answer = std::move(answer)](const Result<StageAnswer>& decided) {
    if (!decided) return answer(decided.error());
    answer(protocol::pack(*decided).bytes);
  });
}

}  // namespace shoal::sdk
