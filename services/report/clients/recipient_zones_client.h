#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/time/time.h"

#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/report/domain/recipient_zones.h"

namespace lmsmail::report {

// Asks PreferenceService.
class RecipientZonesClient final : public RecipientZones {
 public:
  // Calls time out after `timeout`.
  RecipientZonesClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(preference::v1::PreferenceService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::vector<std::string>> Get(absl::Span<const std::string> students) override;

 private:
  const std::unique_ptr<preference::v1::PreferenceService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::report
