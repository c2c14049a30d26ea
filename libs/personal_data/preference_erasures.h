#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "libs/personal_data/erasure.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"

namespace lmsmail::personal_data {

// Asks the preference service. Thread-safe.
class PreferenceErasures final : public Erasures {
 public:
  // `service` is the name of the own service: "dispatch".
  PreferenceErasures(const std::shared_ptr<grpc::Channel>& preference, std::string service)
      : stub_(preference::v1::PreferenceService::NewStub(preference)),
        service_(std::move(service)) {}

  absl::StatusOr<std::vector<Person>> Pending(absl::Time deadline) override;
  absl::Status Acknowledge(std::string_view erasure, absl::Time deadline) override;

 private:
  const std::unique_ptr<preference::v1::PreferenceService::StubInterface> stub_;
  const std::string service_;
};

}  // namespace lmsmail::personal_data
