#include "services/template/domain/built_in_installer.h"

#include "libs/status/status_macros.h"

namespace lmsmail::templates {
namespace {

constexpr int kMaxAttempts = 5;

bool IsConcurrentChange(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsAlreadyExists(status);
}

}  // namespace

absl::StatusOr<std::vector<InstallResult>> BuiltInInstaller::Install(absl::Time deadline) {
  std::vector<InstallResult> results;
  for (const NewTemplate& built_in : built_in_) {
    absl::StatusOr<InstallOutcome> outcome = InstallOne(built_in, deadline);
    for (int i = 1; i < kMaxAttempts && IsConcurrentChange(outcome.status()); ++i) {
      outcome = InstallOne(built_in, deadline);
    }
    LMSMAIL_RETURN_IF_ERROR(outcome.status());
    results.push_back({built_in.id, *outcome});
  }
  return results;
}

absl::StatusOr<InstallOutcome> BuiltInInstaller::InstallOne(const NewTemplate& built_in,
                                                            absl::Time deadline) {
  const auto found = store_.Find(built_in.id, {VersionSelector::Kind::kPublished}, deadline);
  if (absl::IsNotFound(found.status())) return CreateNew(built_in, deadline);
  LMSMAIL_RETURN_IF_ERROR(found.status());

  const Template& state = found->state;
  const std::string digest = DigestOf(built_in.content);
  if (state.delete_time) return InstallOutcome::kKeptDeleted;
  if (found->version && found->version->digest == digest) return InstallOutcome::kUnchanged;
  // A newer unpublished version is a draft or was rolled back. Staff decided both.
  if (!state.built_in || state.published_version != state.latest_version) {
    return InstallOutcome::kKeptEdited;
  }
  // The content is that of an older version: another replica runs a newer release.
  LMSMAIL_ASSIGN_OR_RETURN(const bool known, store_.HasContent(built_in.id, digest, deadline));
  if (known) return InstallOutcome::kUnchanged;
  return Upgrade(built_in, state, deadline);
}

absl::StatusOr<InstallOutcome> BuiltInInstaller::CreateNew(const NewTemplate& built_in,
                                                           absl::Time deadline) {
  const absl::Time now = clock_.Now();
  Change first = MakeTemplate(built_in, /*built_in=*/true, now);
  Publish(*first.version, 0, now, first);
  LMSMAIL_RETURN_IF_ERROR(store_.Create(first, std::nullopt, deadline));
  return InstallOutcome::kInstalled;
}

absl::StatusOr<InstallOutcome> BuiltInInstaller::Upgrade(const NewTemplate& built_in,
                                                         const Template& state,
                                                         absl::Time deadline) {
  const absl::Time now = clock_.Now();
  Change change = NextRevision(state, now);
  change.version = MakeVersion(++change.state.latest_version, built_in.content, true, now);
  Publish(*change.version, state.publication, now, change);
  LMSMAIL_RETURN_IF_ERROR(store_.Update(change, deadline));
  return InstallOutcome::kUpgraded;
}

}  // namespace lmsmail::templates
