#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/report/previewer.h"

namespace lmsmail::report {

class GrpcTemplateClient final : public Previewer {
 public:
  explicit GrpcTemplateClient(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(lmsmail::templates::v1::TemplateService::NewStub(channel)) {}

  absl::StatusOr<Preview> Render(const google::protobuf::Struct& context,
                                 const rpc::CallInfo& call) override;

 private:
  const std::unique_ptr<lmsmail::templates::v1::TemplateService::Stub> stub_;
};

}  // namespace lmsmail::report
