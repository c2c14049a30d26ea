#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/scheduler/domain/student_directory.h"

namespace lmsmail::scheduler {

// Calls PreferenceService. Each call takes at most `timeout`.
class PreferenceClient final : public StudentDirectory {
 public:
  PreferenceClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(preference::v1::PreferenceService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::set<std::string>> FindKnown(
      const std::vector<std::string>& students) override;

 private:
  const std::unique_ptr<preference::v1::PreferenceService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::scheduler
