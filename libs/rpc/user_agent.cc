#include "libs/rpc/user_agent.h"

#include <fmt/format.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::rpc {
namespace {

constexpr std::string_view kPrefix = "lmsmail-";

absl::Mutex mutex(absl::kConstInit);
std::string service_name ABSL_GUARDED_BY(mutex);

}  // namespace

void SetServiceName(std::string_view name) {
  absl::MutexLock lock(&mutex);
  service_name = name;
}

std::string UserAgentPrefix() {
  absl::MutexLock lock(&mutex);
  return service_name.empty() ? std::string() : fmt::format("{}{}", kPrefix, service_name);
}

std::string_view ServiceOfUserAgent(std::string_view user_agent) {
  if (!user_agent.starts_with(kPrefix)) return {};
  user_agent.remove_prefix(kPrefix.size());
  return user_agent.substr(0, user_agent.find(' '));
}

}  // namespace lmsmail::rpc
