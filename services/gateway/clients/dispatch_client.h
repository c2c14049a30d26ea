#pragma once

#include <memory>
#include <utility>

#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// Calls the dispatch service, with up to 1000 events per call. Blocks. Thread-safe.
class DispatchClient final : public EventLog {
 public:
  using Stub = lmsmail::dispatch::v1::DispatchService::StubInterface;

  // `timeout` applies to each call.
  DispatchClient(std::unique_ptr<Stub> stub, absl::Duration timeout)
      : stub_(std::move(stub)), timeout_(timeout) {}

  absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> events) override;

 private:
  const std::unique_ptr<Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::gateway
