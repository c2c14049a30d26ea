#pragma once

#include <memory>
#include <utility>

#include "absl/time/time.h"

#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/gateway/links/link.h"

namespace lmsmail::gateway {

// Calls the preference service. Blocks. Thread-safe.
class PreferenceClient final : public LinkPreferences {
 public:
  using Stub = lmsmail::preference::v1::PreferenceService::StubInterface;

  // `timeout` applies to each call.
  PreferenceClient(std::unique_ptr<Stub> stub, absl::Duration timeout)
      : stub_(std::move(stub)), timeout_(timeout) {}

  absl::StatusOr<Link> Resolve(std::string_view token) override;
  absl::StatusOr<Link> OneClickUnsubscribe(std::string_view token) override;
  absl::StatusOr<Link> Update(std::string_view token, const LinkUpdate& update,
                              std::string_view consent_text) override;
  absl::StatusOr<Link> Undo(std::string_view token, std::string_view undo_token,
                            std::string_view consent_text) override;

 private:
  const std::unique_ptr<Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::gateway
