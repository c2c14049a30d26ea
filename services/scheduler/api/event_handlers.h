#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/events/event_submission.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// The methods for events. Thread-safe.
class EventHandlers {
 public:
  EventHandlers(EventSubmission& submission, EventStore& events)
      : submission_(submission), events_(events) {}

  absl::Status PublishEvents(const rpc::CallInfo& call, const v1::PublishEventsRequest& request,
                             v1::PublishEventsResponse& response);
  absl::Status ListEvents(const rpc::CallInfo& call, const v1::ListEventsRequest& request,
                          v1::ListEventsResponse& response);
  absl::Status RetryEvent(const rpc::CallInfo& call, const v1::RetryEventRequest& request,
                          v1::EventRecord& response);
  absl::Status GetEvent(const rpc::CallInfo& call, const v1::GetEventRequest& request,
                        v1::EventRecord& response);

 private:
  // Whose event the request asks for.
  template <typename Request>
  absl::StatusOr<std::string> PublisherOf(const rpc::CallInfo& call, const Request& request);

  EventSubmission& submission_;
  EventStore& events_;
};

}  // namespace lmsmail::scheduler
