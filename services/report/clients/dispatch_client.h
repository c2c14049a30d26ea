#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/report/domain/mail_stats.h"
#include "services/report/domain/mailer.h"

namespace lmsmail::report {

class DispatchClient final : public Mailer, public MailStatsSource {
 public:
  // `timeout`, the longest wait for a call, must be below the lease of a run.
  DispatchClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(dispatch::v1::DispatchService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::vector<absl::Status>> HandOver(const Mailing& mailing) override;
  absl::StatusOr<std::vector<dispatch::v1::MailStats>> Get(
      const dispatch::v1::GetMailStatsRequest& request, const rpc::CallInfo& call) override;

 private:
  const std::unique_ptr<dispatch::v1::DispatchService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::report
