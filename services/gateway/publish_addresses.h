// Where the publish port of a gateway listens, as configured. Plain values.
#pragma once

#include <string>

#include "base/result.h"

namespace shoal::gateway {

struct PublishAddresses {
  std::string requests;  // empty: no publish port
  std::string answers;
};

// From the settings `client_bind`, `publish_bind` and `answers_bind`. What is empty is derived from `client_bind`: the
// ports one and two above it, any free ones for "*", and for ipc the path with ".publish" and ".answers".
// `publish_bind` none: no publish port. Errors: bad_config.
Result<PublishAddresses> publish_addresses(const std::string& client_bind, const std::string& publish_bind,
                                           const std::string& answers_bind);

}  // namespace shoal::gateway
