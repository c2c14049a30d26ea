#include "services/gateway/inbox/link_probe.h"

#include <fmt/format.h>

#include <cstddef>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/time.h"

#include "libs/status/status_macros.h"

namespace lmsmail::gateway {
namespace {

std::string ProblemOf(const http_client::Result& result) {
  if (result.kind != http_client::Result::Kind::kAnswered) {
    return fmt::format("Its server does not answer: {}", result.error);
  }
  if (result.response.status < 400) return "";
  return fmt::format("Its server answers {}", result.response.status);
}

}  // namespace

absl::StatusOr<LinkProbe> LinkProbe::Create() {
  LMSMAIL_ASSIGN_OR_RETURN(auto client,
                           http_client::Client::Create({.connect_timeout = absl::Seconds(1)}));
  return LinkProbe(std::move(client));
}

std::vector<std::string> LinkProbe::Ask(const std::vector<std::string>& urls) const {
  std::vector<std::string> problems(urls.size());
  absl::BlockingCounter waiting(static_cast<int>(urls.size()));
  for (std::size_t i = 0; i < urls.size(); ++i) {
    client_->Send({.method = "HEAD", .url = urls[i], .timeout = absl::Seconds(3)},
                  [&problems, &waiting, i](const http_client::Result& result) {
                    problems[i] = ProblemOf(result);
                    waiting.DecrementCount();
                  });
  }
  waiting.Wait();
  return problems;
}

}  // namespace lmsmail::gateway
