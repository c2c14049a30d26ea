#include "services/template/domain/catalog.h"

#include <fmt/format.h>

#include <utility>

#include "libs/etag/etag.h"
#include "libs/identity/owned_key.h"
#include "libs/resource_name/name.h"
#include "libs/status/status_macros.h"
#include "services/template/domain/content_validation.h"
#include "services/template/domain/footer_check.h"

namespace lmsmail::templates {
namespace {

using resource_name::TemplateName;
using resource_name::TemplateVersionName;

constexpr VersionSelector kShown{VersionSelector::Kind::kShown};
constexpr VersionSelector kLatest{VersionSelector::Kind::kLatest};
// How often a change without an etag is computed again after concurrent changes.
constexpr int kMaxAttempts = 5;

absl::Status FailedPrecondition(const Template& state, const char* reason, std::string_view why) {
  const std::string name = TemplateName(state.id);
  return WithReason(absl::FailedPreconditionError(fmt::format("{} {}", name, why)),
                    {reason, {{"name", name}}});
}

absl::Status CheckNotDeleted(const Template& state) {
  if (!state.delete_time) return absl::OkStatus();
  return FailedPrecondition(state, kTemplateDeleted, "is deleted: undelete it first");
}

Violations ValidateNew(const NewTemplate& created, bool publish) {
  Violations violations = ValidateContent(created.content).violations;
  if (publish) CheckFooter(created.category, created.content, violations);
  ValidateDisplayName(created.display_name, "display_name", violations);
  ValidateDescription(created.description, "description", violations);
  return violations;
}

Violations ValidateEdit(const Edit& edit, const TemplateContent& edited) {
  Violations violations;
  if (edit.HasContent()) violations = ValidateContent(edited).violations;
  if (edit.display_name) ValidateDisplayName(*edit.display_name, "display_name", violations);
  if (edit.description) ValidateDescription(*edit.description, "description", violations);
  return violations;
}

TemplateContent ApplyEdit(const TemplateContent& content, const Edit& edit) {
  return {.languages = edit.languages.value_or(content.languages),
          .variables = edit.variables.value_or(content.variables),
          .unescaped_variables = edit.unescaped_variables.value_or(content.unescaped_variables)};
}

absl::Status CheckPublishable(const Template& state, const Version& version) {
  Violations violations;
  CheckFooter(state.category, version.content, violations);
  if (violations.empty()) return absl::OkStatus();
  const FieldViolation& first = violations.list().front();
  return FailedPrecondition(state, kFooterMissing,
                            fmt::format("cannot publish version {}: {} {}; add it in a new version",
                                        version.number, first.field, first.description));
}

absl::Status VersionNotFound(std::string_view id, int number) {
  return NotFound(TemplateVersionName(id, number));
}

}  // namespace

absl::StatusOr<Found> Catalog::Create(const NewTemplate& created, const CreateOptions& options,
                                      Violations violations, absl::Time deadline) {
  violations.AddNested("template", ValidateNew(created, options.publish));
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  const absl::Time now = clock_.Now();
  Change first = MakeTemplate(created, /*built_in=*/false, now);
  if (options.publish) templates::Publish(*first.version, 0, now, first);
  return CreateOnce(first, options, deadline);
}

absl::StatusOr<Found> Catalog::CreateOnce(const Change& first, const CreateOptions& options,
                                          absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(auto before, FindCreated(options, deadline));
  if (before) return *std::move(before);

  absl::Status stored;
  if (options.validate_only) {
    const auto existing = store_.Find(first.state.id, kLatest, deadline);
    if (absl::IsNotFound(existing.status())) return Found{first.state, first.version};
    LMSMAIL_RETURN_IF_ERROR(existing.status());
    stored = absl::AlreadyExistsError("");
  } else {
    const IdempotencyRecord record{options.request_id, options.digest, first.state.id,
                                   first.state.create_time};
    stored = store_.Create(first, record, deadline);
  }
  if (stored.ok()) return Found{first.state, first.version};
  if (!absl::IsAlreadyExists(stored)) return stored;
  // A concurrent call with the same request id may have created it.
  LMSMAIL_ASSIGN_OR_RETURN(before, FindCreated(options, deadline));
  if (before) return *std::move(before);
  return AlreadyExists(TemplateName(first.state.id),
                       "already exists, perhaps deleted: choose another template_id");
}

absl::StatusOr<std::optional<Found>> Catalog::FindCreated(const CreateOptions& options,
                                                          absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto record, store_.FindRecord(options.request_id, deadline));
  if (!record) return std::nullopt;
  if (record->digest != options.digest) {
    const std::string request_id(identity::SplitOwnedKey(options.request_id).key);
    return WithReason(
        absl::AlreadyExistsError(fmt::format(
            "request_id \"{}\" was already used to create {} from a different body: use a new one",
            request_id, TemplateName(record->template_id))),
        {kRequestIdReused, {{"request_id", request_id}}});
  }
  return store_.Find(record->template_id, kShown, deadline);
}

absl::StatusOr<Found> Catalog::Get(std::string_view id, absl::Time deadline) {
  return store_.Find(id, kShown, deadline);
}

absl::StatusOr<Found> Catalog::GetVersion(std::string_view id, VersionSelector version,
                                          absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(Found found, store_.Find(id, version, deadline));
  if (version.kind == VersionSelector::Kind::kPublished) {
    LMSMAIL_RETURN_IF_ERROR(CheckNotDeleted(found.state));
    if (!found.version) {
      return FailedPrecondition(found.state, kTemplateNotPublished,
                                "has no published version: publish one with PublishTemplate");
    }
  }
  if (!found.version) return VersionNotFound(id, version.number);
  return found;
}

absl::StatusOr<std::vector<Template>> Catalog::List(const ListQuery& query, absl::Time deadline) {
  return store_.List(query, deadline);
}

absl::StatusOr<Catalog::VersionPage> Catalog::ListVersions(std::string_view id, int below,
                                                           int limit, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(Found found, store_.Find(id, kLatest, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(auto versions, store_.ListVersions(id, below, limit, deadline));
  return VersionPage{std::move(found.state), std::move(versions)};
}

absl::StatusOr<Found> Catalog::Update(std::string_view id, const Edit& edit,
                                      const UpdateOptions& options, const Violations& violations,
                                      absl::Time deadline) {
  std::optional<Found> validated;
  const auto decide = [&](const Found& latest) -> absl::StatusOr<Decision> {
    LMSMAIL_RETURN_IF_ERROR(CheckNotDeleted(latest.state));
    TemplateContent content = ApplyEdit(latest.version->content, edit);
    Violations all = violations;
    all.AddNested("template", ValidateEdit(edit, content));
    if (options.publish && edit.HasContent()) {
      Violations footer;
      CheckFooter(latest.state.category, content, footer);
      all.AddNested("template", footer);
    }
    LMSMAIL_RETURN_IF_ERROR(all.ToStatus());

    Change change = NextRevision(latest.state, clock_.Now());
    Template& state = change.state;
    state.display_name = edit.display_name.value_or(state.display_name);
    state.description = edit.description.value_or(state.description);
    Version version = *latest.version;
    if (content != version.content) {
      version = MakeVersion(++state.latest_version, std::move(content), false, clock_.Now());
      change.version = version;
    }
    const bool publish = options.publish && edit.HasContent();
    if (publish && state.published_version != version.number) {
      templates::Publish(version, state.publication, clock_.Now(), change);
    }
    const bool changed = change.version || change.publication ||
                         state.display_name != latest.state.display_name ||
                         state.description != latest.state.description;
    if (options.validate_only) validated = Found{changed ? state : latest.state, version};
    if (!changed || options.validate_only) return std::nullopt;
    return change;
  };
  LMSMAIL_ASSIGN_OR_RETURN(Found found, Apply(id, options.etag, deadline, decide));
  if (!validated) return found;
  // The result shows the validated version unless another one is published.
  const int published = validated->state.published_version;
  if (published != 0 && published != validated->version->number) validated->version = found.version;
  return *std::move(validated);
}

absl::StatusOr<Found> Catalog::Publish(std::string_view id, std::optional<int> version,
                                       std::string_view etag, absl::Time deadline) {
  return Apply(id, etag, deadline, [&](const Found& latest) -> absl::StatusOr<Decision> {
    LMSMAIL_RETURN_IF_ERROR(CheckNotDeleted(latest.state));
    const int number = version.value_or(latest.state.latest_version);
    LMSMAIL_ASSIGN_OR_RETURN(const Version chosen, ExistingVersion(id, number, deadline));
    if (number == latest.state.published_version) return std::nullopt;
    LMSMAIL_RETURN_IF_ERROR(CheckPublishable(latest.state, chosen));
    Change change = NextRevision(latest.state, clock_.Now());
    templates::Publish(chosen, latest.state.publication, clock_.Now(), change);
    return change;
  });
}

absl::StatusOr<Found> Catalog::Rollback(std::string_view id, std::string_view etag,
                                        absl::Time deadline) {
  return Apply(id, etag, deadline, [&](const Found& latest) -> absl::StatusOr<Decision> {
    const Template& state = latest.state;
    LMSMAIL_RETURN_IF_ERROR(CheckNotDeleted(state));
    int previous = 0;
    if (state.publication != 0) {
      LMSMAIL_ASSIGN_OR_RETURN(const Publication current,
                               store_.GetPublication(id, state.publication, deadline));
      previous = current.previous;
    }
    if (previous == 0) {
      return FailedPrecondition(
          state, kNothingToRollBack,
          "has no earlier published version: publish a version with PublishTemplate");
    }
    LMSMAIL_ASSIGN_OR_RETURN(const Publication target,
                             store_.GetPublication(id, previous, deadline));
    LMSMAIL_ASSIGN_OR_RETURN(const Version version, ExistingVersion(id, target.version, deadline));
    Change change = NextRevision(state, clock_.Now());
    templates::Publish(version, target.previous, clock_.Now(), change);
    return change;
  });
}

absl::StatusOr<Found> Catalog::Delete(std::string_view id, std::string_view etag,
                                      absl::Time deadline) {
  return Apply(id, etag, deadline, [&](const Found& latest) -> absl::StatusOr<Decision> {
    if (latest.state.delete_time) return std::nullopt;
    Change change = NextRevision(latest.state, clock_.Now());
    change.state.delete_time = change.state.update_time;
    return change;
  });
}

absl::StatusOr<Found> Catalog::Undelete(std::string_view id, absl::Time deadline) {
  return Apply(id, "", deadline, [&](const Found& latest) -> absl::StatusOr<Decision> {
    if (!latest.state.delete_time) return std::nullopt;
    Change change = NextRevision(latest.state, clock_.Now());
    change.state.delete_time.reset();
    return change;
  });
}

absl::StatusOr<int> Catalog::DeleteExpiredRequestIds(absl::Time deadline) {
  return store_.DeleteRecordsBefore(clock_.Now() - kRequestIdLifetime, deadline);
}

// The store accepts a change only for the revision it was computed from, so a concurrent change is
// never overwritten: the change is computed again. With an etag, the second attempt is ABORTED.
absl::StatusOr<Found> Catalog::Apply(std::string_view id, std::string_view etag,
                                     absl::Time deadline, Decide decide) {
  absl::Status stored;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    LMSMAIL_ASSIGN_OR_RETURN(const Found latest, store_.Find(id, kLatest, deadline));
    if (!latest.version) return absl::InternalError("the template has no latest version");
    LMSMAIL_RETURN_IF_ERROR(etag::Check(etag, EtagOf(latest.state), TemplateName(id)));
    LMSMAIL_ASSIGN_OR_RETURN(const Decision change, decide(latest));
    stored = change ? store_.Update(*change, deadline) : absl::OkStatus();
    if (stored.ok()) return store_.Find(id, kShown, deadline);
    if (!absl::IsAborted(stored)) break;
  }
  return stored;
}

absl::StatusOr<Version> Catalog::ExistingVersion(std::string_view id, int number,
                                                 absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(Found found,
                           store_.Find(id, {VersionSelector::Kind::kNumber, number}, deadline));
  if (!found.version) return VersionNotFound(id, number);
  return *std::move(found.version);
}

}  // namespace lmsmail::templates
