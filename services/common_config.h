// The settings that every service has, by the name that the five kinds give them.
#pragma once

#include "config/common.h"

namespace shoal::services {

using config::CommonConfig;

}  // namespace shoal::services
