#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/automations/template_check.h"
#include "services/scheduler/schedules/queue_maintenance.h"

namespace lmsmail::scheduler {

// Calls DispatchService. A call about mail takes at most `timeout`, a maintenance call a minute.
class DispatchClient final : public MailSender, public TemplateCheck, public QueueMaintenance {
 public:
  DispatchClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(dispatch::v1::DispatchService::NewStub(channel)), timeout_(timeout) {}

  absl::Status Validate(const std::string& request_id, const std::string& student,
                        const MailContent& content) override;
  absl::Status CheckTemplate(const std::string& template_name) override;
  absl::Status Send(const std::string& request_id, const std::string& student,
                    const MailContent& content) override;
  absl::StatusOr<BatchResult> SendBatch(const std::string& request_id, const MailContent& content,
                                        const std::vector<BatchRecipient>& recipients) override;
  absl::Status Cancel(const std::string& key) override;
  absl::StatusOr<SweepResult> Sweep() override;
  absl::StatusOr<PurgeResult> PurgeLogs(absl::Duration max_age) override;

 private:
  const std::unique_ptr<dispatch::v1::DispatchService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::scheduler
