// All that a service of a third party includes: #include <shoal/shoal.h>. Brings the names below into namespace shoal.
#pragma once

#if __cplusplus < 202002L
#error "Shoal's headers need C++20: compile with -std=c++20 or later"
#endif

#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "sdk/call_core.h"
#include "sdk/run_service.h"
#include "sdk/stage_core.h"

namespace shoal {

using protocol::Channel;
using protocol::ChatMessage;
using protocol::pack;
using protocol::parse_stage_answer;
using protocol::pass;
using protocol::pass_all_but;
using protocol::refuse;
using protocol::replace;
using protocol::replace_text;
using protocol::Verdict;
using sdk::Answer;
using sdk::CallCore;
using sdk::CallRequest;
using sdk::ReviewRequest;
using sdk::run_service;
using sdk::ServiceConfig;
using sdk::StageAnswer;
using sdk::StageCore;
using sdk::StageRequest;

}  // namespace shoal
