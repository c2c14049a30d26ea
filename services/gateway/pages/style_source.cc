#include "services/gateway/pages/style_source.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"

#include "libs/hash/sha256.h"
#include "libs/strings/view.h"

namespace lmsmail::gateway {

std::string StyleSource(std::string_view css) {
  return fmt::format("'sha256-{}'", std::string(absl::Base64Escape(ToAbsl(hash::Sha256(css)))));
}

}  // namespace lmsmail::gateway
