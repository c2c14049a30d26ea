#include "services/gateway/clients/dispatch_client.h"

#include <algorithm>

#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::gateway {
namespace {

namespace pb = lmsmail::dispatch::v1;

constexpr std::size_t kMaxEvents = 1000;

pb::ProviderEvent::Type ToProto(EventType type) {
  switch (type) {
    case EventType::kDelivered:
      return pb::ProviderEvent::TYPE_DELIVERED;
    case EventType::kBounced:
      return pb::ProviderEvent::TYPE_BOUNCED;
    case EventType::kDeferred:
      return pb::ProviderEvent::TYPE_DEFERRED;
    case EventType::kOpened:
      return pb::ProviderEvent::TYPE_OPENED;
    case EventType::kClicked:
      return pb::ProviderEvent::TYPE_CLICKED;
    case EventType::kComplained:
      return pb::ProviderEvent::TYPE_COMPLAINED;
    case EventType::kRejected:
      return pb::ProviderEvent::TYPE_REJECTED;
    case EventType::kUnsubscribed:
      return pb::ProviderEvent::TYPE_UNSUBSCRIBED;
    case EventType::kUnknown:
    case EventType::kQueued:
    case EventType::kSubscribed:
      break;
  }
  return pb::ProviderEvent::TYPE_UNSPECIFIED;
}

void ToProto(const ProviderEvent& event, pb::ProviderEvent& message) {
  message.set_event_id(event.event_id);
  message.set_type(ToProto(event.type));
  message.set_message_id(event.message_id);
  message.set_message(event.message);
  message.set_at_other_address(event.at_other_address);
  if (event.time) *message.mutable_event_time() = protobuf::ToProto(*event.time);
  message.set_detail(event.detail);
  message.set_machine(event.machine);
  message.set_link(event.link);
  message.set_link_count(event.links);
}

}  // namespace

absl::StatusOr<EventLog::Counts> DispatchClient::Record(absl::Span<const ProviderEvent> events) {
  Counts counts;
  while (!events.empty()) {
    const auto part = events.subspan(0, std::min(events.size(), kMaxEvents));
    events.remove_prefix(part.size());
    pb::RecordEventsRequest request;
    for (const ProviderEvent& event : part) ToProto(event, *request.add_events());
    LMSMAIL_ASSIGN_OR_RETURN(
        const pb::RecordEventsResponse response,
        rpc::Call(*stub_, &Stub::RecordEvents, request, rpc::WithTimeout(timeout_)));
    counts.recorded += response.recorded_count();
    counts.duplicate += response.duplicate_count();
    counts.unknown += response.unknown_count();
    counts.opted_out += response.opted_out_count();
  }
  return counts;
}

}  // namespace lmsmail::gateway
