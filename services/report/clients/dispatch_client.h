#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/report/domain/mail_stats.h"
#include "services/report/domain/mailer.h"
#include "services/report/domain/previewer.h"

namespace lmsmail::report {

class DispatchClient final : public Mailer, public MailStatsSource, public Previewer {
 public:
  // Calls time out after `timeout`, which must be shorter than kRunLease.
  DispatchClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(dispatch::v1::DispatchService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::vector<absl::Status>> SendBatch(const MailBatch& batch) override;
  absl::StatusOr<std::vector<MailStats>> Get(const MailStatsQuery& query,
                                             const rpc::CallInfo& call) override;
  // As the student would get it: rendered where it is sent.
  absl::StatusOr<Preview> Render(const std::string& student,
                                 const google::protobuf::Struct& context,
                                 const rpc::CallInfo& call) override;

 private:
  const std::unique_ptr<dispatch::v1::DispatchService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::report
