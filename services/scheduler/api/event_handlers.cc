#include "services/scheduler/api/event_handlers.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "libs/rpc/status.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/api/convert.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kMaxEvents = 1000;

}  // namespace

absl::Status EventHandlers::PublishEvents(const rpc::CallInfo& call,
                                          const v1::PublishEventsRequest& request,
                                          v1::PublishEventsResponse& response) {
  if (request.events().empty() || request.events_size() > kMaxEvents) {
    return InvalidField("events", fmt::format("must have 1 to {} elements, and has {}", kMaxEvents,
                                              request.events_size()));
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto results,
      submission_.Publish({request.events().begin(), request.events().end()}, call.deadline));
  for (const SubmissionResult& result : results) {
    v1::PublishEventsResponse::Result& message = *response.add_results();
    message.set_event_id(result.event_id);
    message.set_duplicate(result.duplicate);
    rpc::ToItemStatus(result.status, *message.mutable_status());
  }
  return absl::OkStatus();
}

absl::Status EventHandlers::GetEvent(const rpc::CallInfo& call, const v1::GetEventRequest& request,
                                     v1::EventRecord& response) {
  if (request.event_id().empty()) return InvalidField("event_id", "is required");
  LMSMAIL_ASSIGN_OR_RETURN(const StoredEvent event,
                           events_.Find(request.event_id(), call.deadline));
  ToProto(event, response);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
