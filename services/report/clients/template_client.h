#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/time/time.h"

#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/report/domain/previewer.h"

namespace lmsmail::report {

class TemplateClient final : public Previewer {
 public:
  // Calls time out after `timeout`.
  TemplateClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(lmsmail::templates::v1::TemplateService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<Preview> Render(const google::protobuf::Struct& context,
                                 const rpc::CallInfo& call) override;

 private:
  const std::unique_ptr<lmsmail::templates::v1::TemplateService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::report
