#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <vector>

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/report/mail_stats.h"
#include "services/report/mailer.h"

namespace lmsmail::report {

class GrpcDispatchClient final : public Mailer, public MailStatsSource {
 public:
  explicit GrpcDispatchClient(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(dispatch::v1::DispatchService::NewStub(channel)) {}

  absl::StatusOr<std::vector<absl::Status>> HandOver(const Mailing& mailing) override;
  absl::StatusOr<std::vector<dispatch::v1::MailStats>> Get(
      const dispatch::v1::GetMailStatsRequest& request, const rpc::CallInfo& call) override;

 private:
  const std::unique_ptr<dispatch::v1::DispatchService::Stub> stub_;
};

}  // namespace lmsmail::report
