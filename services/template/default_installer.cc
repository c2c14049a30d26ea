#include "services/template/default_installer.h"

#include "libs/status/status_macros.h"

namespace lmsmail::templates {
namespace {

constexpr int kAttempts = 5;

bool SomebodyWasQuicker(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsAlreadyExists(status);
}

}  // namespace

absl::StatusOr<std::vector<InstallResult>> DefaultInstaller::Install(absl::Time deadline) {
  std::vector<InstallResult> results;
  for (const ShippedTemplate& shipped : shipped_) {
    absl::StatusOr<InstallOutcome> outcome = InstallOne(shipped, deadline);
    for (int i = 1; i < kAttempts && SomebodyWasQuicker(outcome.status()); ++i) {
      outcome = InstallOne(shipped, deadline);
    }
    LMSMAIL_RETURN_IF_ERROR(outcome.status());
    results.push_back({shipped.id, *outcome});
  }
  return results;
}

absl::StatusOr<InstallOutcome> DefaultInstaller::InstallOne(const ShippedTemplate& shipped,
                                                            absl::Time deadline) {
  const auto found = store_.Find(shipped.id, {VersionSelector::Kind::kPublished}, deadline);
  if (absl::IsNotFound(found.status())) return CreateNew(shipped, deadline);
  LMSMAIL_RETURN_IF_ERROR(found.status());

  const Template& state = found->state;
  const std::string digest = DigestOf(shipped.wording);
  if (state.delete_time) return InstallOutcome::kKeptDeleted;
  if (found->version && found->version->digest == digest) return InstallOutcome::kUnchanged;
  // A newer version that is not published is a draft, or was rolled back: both are staff's
  // decision.
  if (!state.shipped_default || state.published_version != state.latest_version) {
    return InstallOutcome::kKeptEdited;
  }
  // A version from before the published one: another replica's release is newer than this one.
  LMSMAIL_ASSIGN_OR_RETURN(const bool known, store_.HasWording(shipped.id, digest, deadline));
  if (known) return InstallOutcome::kUnchanged;
  return Upgrade(shipped, state, deadline);
}

absl::StatusOr<InstallOutcome> DefaultInstaller::CreateNew(const ShippedTemplate& shipped,
                                                           absl::Time deadline) {
  const absl::Time now = clock_.Now();
  Change first{.state = {.id = shipped.id,
                         .category = shipped.category,
                         .display_name = shipped.display_name,
                         .description = shipped.description,
                         .latest_version = 1,
                         .create_time = now,
                         .update_time = now,
                         .delete_time = std::nullopt},
               .version = MakeVersion(1, shipped.wording, true, now)};
  Publish(*first.version, 0, now, first);
  LMSMAIL_RETURN_IF_ERROR(store_.Create(first, std::nullopt, deadline));
  return InstallOutcome::kInstalled;
}

absl::StatusOr<InstallOutcome> DefaultInstaller::Upgrade(const ShippedTemplate& shipped,
                                                         const Template& state,
                                                         absl::Time deadline) {
  const absl::Time now = clock_.Now();
  Change change{.state = state};
  ++change.state.revision;
  change.state.update_time = now;
  change.version = MakeVersion(++change.state.latest_version, shipped.wording, true, now);
  Publish(*change.version, state.publication, now, change);
  LMSMAIL_RETURN_IF_ERROR(store_.Update(change, deadline));
  return InstallOutcome::kUpgraded;
}

}  // namespace lmsmail::templates
