#include "tests/integration/suite/node_client.h"

#include <fmt/format.h>

#include <cstdio>

namespace lmsmail::integration {

absl::StatusOr<std::string> InstallNodeClient(const std::string& folder) {
  const std::string installed = fmt::format("{}/{}", LMSMAIL_TOOLS, folder);
  // With the environment of the user, unlike Process, because npm may need settings.
  std::FILE* const output = ::popen(
      fmt::format("{} {}/{} {} 2>&1", LMSMAIL_INSTALL_NODE_CLIENT, LMSMAIL_TESTS, folder, installed)
          .c_str(),
      "r");
  if (output == nullptr) return absl::InternalError("popen() failed");
  std::string text;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) text += static_cast<char>(c);
  if (::pclose(output) != 0) return absl::InternalError(text);
  return installed;
}

}  // namespace lmsmail::integration
