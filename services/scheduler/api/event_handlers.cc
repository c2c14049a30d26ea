#include "services/scheduler/api/event_handlers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"

#include "libs/hash/sha256.h"
#include "libs/identity/owned_key.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/rpc/page.h"
#include "libs/rpc/status.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/api/convert.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kMaxEvents = 1000;
constexpr rpc::PageSizes kPages{.default_size = 50, .max_size = 500};

// The place of an event in the list.
rpc::PageCursor CursorOf(const StoredEvent& event) {
  return {std::to_string(absl::ToUnixMicros(event.arrival_time)), event.event.event_id()};
}

// nullopt for the first page.
absl::StatusOr<std::optional<std::pair<absl::Time, std::string>>> PositionOf(
    const rpc::PageCursor& cursor) {
  if (cursor.empty()) return std::nullopt;
  std::int64_t micros = 0;
  if (cursor.size() != 2 || !absl::SimpleAtoi(cursor[0], &micros)) {
    return InvalidField("page_token", "must be a next_page_token of this list");
  }
  return std::pair(absl::FromUnixMicros(micros), cursor[1]);
}

}  // namespace

absl::Status EventHandlers::PublishEvents(const rpc::CallInfo& call,
                                          const v1::PublishEventsRequest& request,
                                          v1::PublishEventsResponse& response) {
  if (request.events().empty() || request.events_size() > kMaxEvents) {
    return InvalidField("events", fmt::format("must have 1 to {} elements, and has {}", kMaxEvents,
                                              request.events_size()));
  }
  std::vector<v1::Event> events(request.events().begin(), request.events().end());
  if (request.quiet()) {
    for (v1::Event& event : events) event.set_quiet(true);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto results,
      submission_.Publish(call.caller.name, events, request.validate_only(), call.deadline));
  for (const SubmissionResult& result : results) {
    v1::PublishEventsResponse::Result& message = *response.add_results();
    message.set_event_id(result.event_id);
    message.set_duplicate(result.duplicate);
    rpc::ToItemStatus(result.status, *message.mutable_status());
  }
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<std::string> EventHandlers::PublisherOf(const rpc::CallInfo& call,
                                                       const Request& request) {
  if (request.event_id().empty()) return InvalidField("event_id", "is required");
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
  LMSMAIL_ASSIGN_OR_RETURN(const std::string publisher, PublisherOf(call, request));
  LMSMAIL_ASSIGN_OR_RETURN(
      const StoredEvent event,
      events_.Find(identity::MakeOwnedKey(publisher, request.event_id()), call.deadline));
  ToProto(event, response);
  return absl::OkStatus();
}

absl::Status EventHandlers::ListEvents(const rpc::CallInfo& call,
                                       const v1::ListEventsRequest& request,
                                       v1::ListEventsResponse& response) {
  Violations violations;
  EventQuery query = QueryFromProto(request, violations);
  if (!call.caller.May(type::v1::ROLE_VIEWER)) query.publisher = call.caller.name;
  v1::ListEventsRequest all_pages = request;
  all_pages.clear_page_size();
  all_pages.clear_page_token();
  const std::string body = hash::Sha256Hex(protobuf::DeterministicBytes(all_pages));
  const rpc::Page page(request, {"events", body}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(query.before, PositionOf(page.cursor()));
  query.limit = page.limit();
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<StoredEvent> events, events_.List(query, call.deadline));
  response.set_next_page_token(page.TrimToPage(events, CursorOf));
  for (const StoredEvent& event : events) ToProto(event, *response.add_events());
  return absl::OkStatus();
}

absl::Status EventHandlers::RetryEvent(const rpc::CallInfo& call,
                                       const v1::RetryEventRequest& request,
                                       v1::EventRecord& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string publisher, PublisherOf(call, request));
  const std::string id = identity::MakeOwnedKey(publisher, request.event_id());
  LMSMAIL_ASSIGN_OR_RETURN(const StoredEvent before, events_.Find(id, call.deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const int retried, submission_.Retry(id, call.deadline));
  if (retried == 0) {
    return WithReason(
        absl::FailedPreconditionError(fmt::format(
            "event {} has no effect that failed and can be tried again; publish what is different "
            "as an event of its own",
            request.event_id())),
        {"NOTHING_TO_RETRY", {}});
  }
  LMSMAIL_ASSIGN_OR_RETURN(const StoredEvent after, events_.Find(id, call.deadline));
  ToProto(after, response);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
