#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/scheduler/mail_sender.h"
#include "services/scheduler/queue_upkeep.h"

namespace lmsmail::scheduler {

// Calls DispatchService. Each call about mail ends within `timeout`, upkeep within a minute.
class DispatchClient final : public MailSender, public QueueUpkeep {
 public:
  DispatchClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(dispatch::v1::DispatchService::NewStub(channel)), timeout_(timeout) {}

  absl::Status Send(const dispatch::v1::SendRequest& request) override;
  absl::StatusOr<dispatch::v1::SendBatchResponse> SendBatch(
      const dispatch::v1::SendBatchRequest& request) override;
  absl::Status Cancel(const std::string& key) override;
  absl::StatusOr<dispatch::v1::SweepResponse> Sweep() override;
  absl::StatusOr<dispatch::v1::PurgeLogsResponse> PurgeLogs(absl::Duration max_age) override;

 private:
  const std::unique_ptr<dispatch::v1::DispatchService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::scheduler
