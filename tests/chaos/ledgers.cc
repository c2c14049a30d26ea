#include "tests/chaos/ledgers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "tests/integration/wait.h"

namespace lmsmail::chaos {
namespace {

namespace out = dispatch::v1;
using integration::Soon;

constexpr int kPage = 500;

}  // namespace

absl::StatusOr<std::vector<Logged>> ReadLog(Stage& stage) {
  const auto stub = stage.replica(0);
  out::ListMessagesRequest request;
  request.set_page_size(kPage);
  std::vector<Logged> log;
  do {
    LMSMAIL_ASSIGN_OR_RETURN(const out::ListMessagesResponse page,
                             rpc::Call(*stub, &Stage::Dispatch::ListMessages, request, Soon()));
    for (const out::Message& message : page.messages()) {
      log.push_back({message.name(), message.request_id(), message.message_id(), message.state(),
                     fmt::format("{} {} {}", out::State_Name(message.state()),
                                 out::Reason_Name(message.reason()), message.detail())});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return log;
}

absl::Status WaitForOutcomes(Stage& stage, absl::Duration timeout) {
  const auto stub = stage.replica(0);
  std::string left;
  const absl::Status waited = integration::WaitUntil(
      "every mail has its outcome",
      [&] {
        const auto stats =
            rpc::Call(*stub, &Stage::Dispatch::GetQueueStats, out::GetQueueStatsRequest(), Soon());
        if (!stats.ok()) return false;
        left = stats->ShortDebugString();
        return std::ranges::all_of(stats->lanes(), [](const out::LaneStats& lane) {
          return lane.due_count() + lane.waiting_count() + lane.in_flight_count() == 0;
        });
      },
      timeout);
  if (waited.ok()) return waited;
  return absl::DeadlineExceededError(fmt::format("some mail has no outcome: {}", left));
}

}  // namespace lmsmail::chaos
