#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/school/school.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"

namespace lmsmail::school {

// Reads the school from PreferenceService.
class SchoolClient final : public SchoolSource {
 public:
  // Calls time out after `timeout`.
  SchoolClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(preference::v1::PreferenceService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<School> Get() override;

 private:
  const std::unique_ptr<preference::v1::PreferenceService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::school
