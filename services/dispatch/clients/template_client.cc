#include "services/dispatch/clients/template_client.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/render/content.h"
#include "libs/render/declarations.h"
#include "libs/render/variable.h"
#include "libs/resource_name/name.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

namespace pb = lmsmail::templates::v1;
using Variables = google::protobuf::RepeatedPtrField<pb::Variable>;

constexpr absl::Duration kPublishedLifetime = absl::Seconds(2);

render::VariableType TypeOf(pb::Variable::Type type) {
  const std::string name = absl::AsciiStrToLower(pb::Variable::Type_Name(type));
  for (const auto& [domain, domain_name] : render::kVariableTypes) {
    if (name == fmt::format("type_{}", domain_name)) return domain;
  }
  return render::VariableType::kString;
}

std::vector<render::Variable> FromProto(const Variables& variables) {
  std::vector<render::Variable> flat;
  for (const pb::Variable& variable : variables) {
    flat.push_back({.name = variable.name(),
                    .type = TypeOf(variable.type()),
                    .required = variable.required()});
  }
  return render::NestFields(std::move(flat));
}

absl::StatusOr<std::shared_ptr<const CompiledVersion>> Compile(std::string_view key,
                                                               const pb::TemplateVersion& version) {
  auto compiled = std::make_shared<CompiledVersion>();
  compiled->ref = {std::string(key), version.version(), static_cast<Category>(version.category())};
  const std::vector<render::Variable> variables = FromProto(version.variables());
  for (const pb::LocalizedContent& content : version.contents()) {
    LMSMAIL_ASSIGN_OR_RETURN(auto language, render::Template::Compile({.subject = content.subject(),
                                                                       .html = content.html(),
                                                                       .text = content.text()},
                                                                      variables));
    compiled->languages.push_back({content.language_code(), std::move(language)});
  }
  if (compiled->languages.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{} has no content", TemplateVersionName(compiled->ref)));
  }
  return compiled;
}

// Whether the cached version may be used instead: a bug of the peer must not stop mail either.
bool IsOutage(const absl::Status& status) {
  return IsTransient(status) || absl::IsInternal(status);
}

}  // namespace

absl::StatusOr<TemplateRef> TemplateClient::Resolve(std::string_view key,
                                                    std::optional<int> version,
                                                    absl::Time deadline) {
  if (!version) return ResolvePublished(key, deadline);
  LMSMAIL_ASSIGN_OR_RETURN(const Version found, Get(key, *version, deadline));
  return found->ref;
}

absl::StatusOr<TemplateRef> TemplateClient::ResolvePublished(std::string_view key,
                                                             absl::Time deadline) {
  std::optional<Published> known;
  {
    absl::MutexLock lock(&mutex_);
    if (const auto it = published_.find(key); it != published_.end()) known = it->second;
  }
  const absl::Time now = clock_.Now();
  if (known && now - known->fetch_time < kPublishedLifetime) return known->ref;
  absl::StatusOr<TemplateRef> fresh = FetchPublished(key, deadline);
  if (!fresh.ok() && known && IsOutage(fresh.status())) {
    fresh = known->ref;  // cached anew, so that not every Send waits for a timeout
  }
  absl::MutexLock lock(&mutex_);
  if (fresh.ok()) {
    published_.insert_or_assign(std::string(key), Published{*fresh, now});
  } else if (!IsOutage(fresh.status())) {
    published_.erase(std::string(key));
  }
  return fresh;
}

absl::StatusOr<TemplateRef> TemplateClient::FetchPublished(std::string_view key,
                                                           absl::Time deadline) {
  pb::GetTemplateRequest request;
  request.set_name(resource_name::TemplateName(key));
  LMSMAIL_ASSIGN_OR_RETURN(const pb::Template found,
                           rpc::Call(*stub_, &Stub::GetTemplate, request, Options(deadline)));
  if (found.has_delete_time()) {
    return absl::NotFoundError(fmt::format("{} was deleted", request.name()));
  }
  if (found.published_version() == 0) {
    return absl::FailedPreconditionError(
        fmt::format("{} has no published version; publish one first", request.name()));
  }
  return TemplateRef{std::string(key), found.published_version(),
                     static_cast<Category>(found.category())};
}

absl::StatusOr<std::shared_ptr<const CompiledVersion>> TemplateClient::Get(std::string_view key,
                                                                           int version,
                                                                           absl::Time deadline) {
  VersionKey wanted{std::string(key), version};
  {
    absl::MutexLock lock(&mutex_);
    if (const auto it = versions_.find(wanted); it != versions_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, it->second.use);
      return it->second.version;
    }
  }
  LMSMAIL_ASSIGN_OR_RETURN(Version fetched, Fetch(key, version, deadline));
  return AddToCache(std::move(wanted), std::move(fetched));
}

absl::StatusOr<std::shared_ptr<const CompiledVersion>> TemplateClient::Fetch(std::string_view key,
                                                                             int version,
                                                                             absl::Time deadline) {
  pb::GetTemplateVersionRequest request;
  request.set_name(resource_name::TemplateVersionName(key, version));
  LMSMAIL_ASSIGN_OR_RETURN(
      const pb::TemplateVersion found,
      rpc::Call(*stub_, &Stub::GetTemplateVersion, request, Options(deadline)));
  return Compile(key, found);
}

TemplateClient::Version TemplateClient::AddToCache(VersionKey key, Version version) {
  absl::MutexLock lock(&mutex_);
  if (const auto it = versions_.find(key); it != versions_.end()) return it->second.version;
  by_use_.push_front(key);
  versions_.emplace(std::move(key), CachedVersion{version, by_use_.begin()});
  if (versions_.size() > max_versions_) {
    versions_.erase(by_use_.back());
    by_use_.pop_back();
  }
  return version;
}

}  // namespace lmsmail::dispatch
