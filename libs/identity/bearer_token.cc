#include "libs/identity/bearer_token.h"

#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::identity {

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !absl::EqualsIgnoreCase(ToAbsl(authorization.substr(0, kScheme.size())), ToAbsl(kScheme))) {
    return authorization;
  }
  return authorization.substr(kScheme.size());
}

}  // namespace lmsmail::identity
