#pragma once

#include <string>
#include <variant>

#include "absl/status/statusor.h"

#include "libs/http_server/message.h"
#include "services/gateway/links/link.h"
#include "services/gateway/pages/pages.h"

namespace lmsmail::gateway {

struct Undo {
  std::string undo_token;
};

struct Change {
  LinkUpdate update;
  Done done = Done::kSaved;
};

using Decision = std::variant<Change, Undo>;

// What a person decided with a form of the preference page. INVALID_ARGUMENT for a body that none
// of its forms sends.
absl::StatusOr<Decision> ParseDecision(const http_server::Request& request, const Link& link);

// Whether the body is the pair List-Unsubscribe=One-Click and nothing else (RFC 8058 section 3.2),
// in either encoding of forms.
bool IsOneClick(const http_server::Request& request);

}  // namespace lmsmail::gateway
