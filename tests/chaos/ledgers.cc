#include "tests/chaos/ledgers.h"

#include <fmt/format.h>

#include "libs/status/status_macros.h"
#include "tests/integration/suite/lms_client.h"

namespace lmsmail::chaos {

namespace pb = dispatch::v1;

absl::StatusOr<std::vector<Logged>> ReadLog(Cluster& cluster) {
  constexpr int kPageSize = 500;
  pb::ListMessagesRequest request;
  request.set_page_size(kPageSize);
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<pb::Message> messages,
                           integration::ListMessages(*cluster.replica(0), request));
  std::vector<Logged> log;
  for (const pb::Message& message : messages) {
    log.push_back({message.name(), message.request_id(), message.message_id(), message.state(),
                   fmt::format("{} {} {}", pb::State_Name(message.state()),
                               pb::Reason_Name(message.reason()), message.detail())});
  }
  return log;
}

}  // namespace lmsmail::chaos
