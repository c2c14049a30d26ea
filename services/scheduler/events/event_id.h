#pragma once

#include <string>
#include <string_view>

#include "libs/identity/owned_key.h"

namespace lmsmail::scheduler {

// The event_id of a stored event is an identity::OwnedKey, because ids belong to those who publish
// events. In keys and ids that are derived from it, which must be printable, it is "ID@PUBLISHER".
// Names of callers have no "@", so no two are the same.
inline std::string PrintableEventId(std::string_view event_id) {
  const identity::OwnedKey id = identity::SplitOwnedKey(event_id);
  if (id.owner.empty()) return std::string(id.key);
  return std::string(id.key).append("@").append(id.owner);
}

}  // namespace lmsmail::scheduler
