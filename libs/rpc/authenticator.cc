#include "libs/rpc/authenticator.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <string_view>
#include <vector>

#include "libs/identity/bearer_token.h"
#include "libs/identity/role_names.h"
#include "libs/rpc/call_info.h"
#include "libs/rpc/user_agent.h"
#include "libs/telemetry/limited_log.h"

namespace lmsmail::rpc {
namespace {

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::string_view Find(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string_view() : View(found->second);
}

absl::StatusOr<identity::Caller> FindCaller(identity::CallerDirectory& directory,
                                            const Metadata& metadata,
                                            const grpc::AuthContext* peer) {
  identity::Credentials credentials{.token =
                                        identity::BearerToken(Find(metadata, kAuthorizationKey))};
  if (peer != nullptr && peer->IsPeerAuthenticated()) {
    for (const char* property : {GRPC_PEER_URI_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME}) {
      for (const grpc::string_ref& name : peer->FindPropertyValues(property)) {
        credentials.certificate_names.push_back(View(name));
      }
    }
  }
  return directory.Find(credentials);
}

identity::Caller Anonymous(const Metadata& metadata) {
  const std::string_view service = ServiceOfUserAgent(Find(metadata, "user-agent"));
  for (const identity::Role role : identity::ServiceRoles()) {
    if (identity::RoleName(role) == service) {
      return {.name = std::string(service), .roles = identity::Roles::All()};
    }
  }
  return {.name = identity::kAnonymous, .roles = identity::Roles::All()};
}

class Processor final : public grpc::AuthMetadataProcessor {
 public:
  Processor(identity::CallerDirectory& directory, telemetry::Counter refused)
      : directory_(directory), refused_(refused) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const std::string_view path = Find(metadata, ":path");
    if (path.starts_with("/grpc.health.v1.Health/")) return grpc::Status::OK;
    const absl::Status status = FindCaller(directory_, metadata, context).status();
    if (status.ok()) return grpc::Status::OK;
    refused_.Increment();
    log_.Log(telemetry::Level::kWarning, "call without valid credentials",
             {{"method", path.substr(path.empty() ? 0 : 1)}, {"error", status}});
    return {grpc::StatusCode::UNAUTHENTICATED, std::string(status.message())};
  }

 private:
  identity::CallerDirectory& directory_;
  telemetry::Counter refused_;
  telemetry::LimitedLog log_{20, absl::Seconds(1)};
};

}  // namespace

Authenticator::Authenticator(identity::CallerDirectory& directory, telemetry::Metrics& metrics)
    : directory_(&directory),
      refused_(metrics
                   .AddCounter("lmsmail_rpc_unauthenticated_total",
                               "Calls that were refused for want of valid credentials.")
                   .With()) {}

absl::StatusOr<identity::Caller> Authenticator::Identify(
    const grpc::ServerContextBase& context) const {
  if (directory_ == nullptr) return Anonymous(context.client_metadata());
  return FindCaller(*directory_, context.client_metadata(), context.auth_context().get());
}

std::shared_ptr<grpc::AuthMetadataProcessor> Authenticator::NewProcessor() const {
  if (directory_ == nullptr) return nullptr;
  return std::make_shared<Processor>(*directory_, *refused_);
}

}  // namespace lmsmail::rpc
