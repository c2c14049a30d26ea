#include "services/scheduler/api/event_handlers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "libs/identity/owned_key.h"
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
      submission_.Publish(call.caller.name, {request.events().begin(), request.events().end()},
                          call.deadline));
  for (const SubmissionResult& result : results) {
    v1::PublishEventsResponse::Result& message = *response.add_results();
    message.set_event_id(result.event_id);
    message.set_duplicate(result.duplicate);
    rpc::ToItemStatus(result.status, *message.mutable_status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EventHandlers::PublisherOf(const rpc::CallInfo& call,
                                                       const v1::GetEventRequest& request) {
  if (!call.caller.May(type::v1::ROLE_VIEWER)) return call.caller.name;
  if (!request.publisher().empty()) return request.publisher();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<std::string> publishers,
                           events_.PublishersOf(request.event_id(), call.deadline));
  if (publishers.size() == 1) return publishers.front();
  if (publishers.empty()) return NotFound("event " + request.event_id());
  return WithReason(absl::FailedPreconditionError(fmt::format(
                        "several callers have published an event with this id: give the publisher, "
                        "which is {}",
                        fmt::format("{}", fmt::join(publishers, " or ")))),
                    {"AMBIGUOUS_KEY", {}});
}

absl::Status EventHandlers::GetEvent(const rpc::CallInfo& call, const v1::GetEventRequest& request,
                                     v1::EventRecord& response) {
  if (request.event_id().empty()) return InvalidField("event_id", "is required");
  LMSMAIL_ASSIGN_OR_RETURN(const std::string publisher, PublisherOf(call, request));
  LMSMAIL_ASSIGN_OR_RETURN(
      const StoredEvent event,
      events_.Find(identity::MakeOwnedKey(publisher, request.event_id()), call.deadline));
  ToProto(event, response);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
