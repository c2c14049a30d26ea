#pragma once

#include <memory>
#include <utility>

#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// Calls the preference service, with up to 1000 recipients per call. Thread-safe.
class PreferenceClient final : public RecipientCheck,
                               public SuppressionList,
                               public TrackingCheck,
                               public ConsentWithdrawal {
 public:
  using Stub = lmsmail::preference::v1::PreferenceService::StubInterface;

  // `timeout` applies to each call.
  PreferenceClient(std::unique_ptr<Stub> stub, absl::Duration timeout)
      : stub_(std::move(stub)), timeout_(timeout) {}

  absl::StatusOr<std::vector<Verdict>> Check(absl::Span<const RecipientQuery> queries,
                                             absl::Time deadline) override;
  absl::StatusOr<std::vector<bool>> TrackingAllowed(absl::Span<const std::string> recipients,
                                                    absl::Time deadline) override;
  absl::Status Add(std::string_view email_address, SuppressionCause cause,
                   std::string_view detail) override;
  absl::Status Withdraw(std::string_view recipient, Category category,
                        absl::Time deadline) override;

 private:
  const std::unique_ptr<Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::dispatch
