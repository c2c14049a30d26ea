#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/status/error_details.h"
#include "services/template/storage/template_store.h"

namespace lmsmail::templates {

inline constexpr char kTemplateDeleted[] = "TEMPLATE_DELETED";
inline constexpr char kTemplateNotPublished[] = "TEMPLATE_NOT_PUBLISHED";
inline constexpr char kFooterMissing[] = "FOOTER_MISSING";
inline constexpr char kNothingToRollBack[] = "NOTHING_TO_ROLL_BACK";
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";

// How long the request ids of CreateTemplate are kept.
inline constexpr absl::Duration kRequestIdLifetime = absl::Hours(24 * 7);

struct CreateOptions {
  std::string request_id;   // an identity::OwnedKey
  std::int64_t digest = 0;  // of the request body
  bool publish = false;
  bool validate_only = false;
};

// The changes of an update. Absent fields stay unchanged.
struct Edit {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::optional<std::vector<LocalizedContent>> languages;
  std::optional<std::vector<Variable>> variables;
  std::optional<std::vector<std::string>> unescaped_variables;

  bool HasContent() const { return languages || variables || unescaped_variables; }
};

struct UpdateOptions {
  std::string etag;      // not checked when empty
  bool publish = false;  // has an effect only when the edit has content
  bool validate_only = false;
};

// Creates, changes, publishes and deletes templates. Thread-safe.
//
// Functions that return a Found return the template with the version it shows: the published one,
// or the latest when none is published. `violations` are those that the caller already found in its
// request; they are returned together with those found here. An etag that is not current is
// ABORTED.
class Catalog {
 public:
  Catalog(TemplateStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::StatusOr<Found> Create(const NewTemplate& created, const CreateOptions& options,
                               Violations violations, absl::Time deadline);
  absl::StatusOr<Found> Get(std::string_view id, absl::Time deadline);
  // The result has a version. The published version of a deleted template is FAILED_PRECONDITION;
  // other versions stay available to mail that was accepted earlier.
  absl::StatusOr<Found> GetVersion(std::string_view id, VersionSelector version,
                                   absl::Time deadline);
  absl::StatusOr<std::vector<Template>> List(const ListQuery& query, absl::Time deadline);

  struct VersionPage {
    Template state;
    std::vector<Version> versions;
  };
  absl::StatusOr<VersionPage> ListVersions(std::string_view id, int below, int limit,
                                           absl::Time deadline);

  absl::StatusOr<Found> Update(std::string_view id, const Edit& edit, const UpdateOptions& options,
                               const Violations& violations, absl::Time deadline);
  // Without `version`, publishes the latest. Publishing the published version changes nothing.
  absl::StatusOr<Found> Publish(std::string_view id, std::optional<int> version,
                                std::string_view etag, absl::Time deadline);
  absl::StatusOr<Found> Rollback(std::string_view id, std::string_view etag, absl::Time deadline);
  // Delete and Undelete are idempotent.
  absl::StatusOr<Found> Delete(std::string_view id, std::string_view etag, absl::Time deadline);
  absl::StatusOr<Found> Undelete(std::string_view id, absl::Time deadline);

  // Deletes request ids older than kRequestIdLifetime. Returns how many.
  absl::StatusOr<int> DeleteExpiredRequestIds(absl::Time deadline);

 private:
  // Computes the change of a template from its state and latest version. nullopt leaves the
  // template unchanged.
  using Decision = std::optional<Change>;
  using Decide = absl::FunctionRef<absl::StatusOr<Decision>(const Found& latest)>;

  absl::StatusOr<Found> Apply(std::string_view id, std::string_view etag, absl::Time deadline,
                              Decide decide);
  absl::StatusOr<Found> CreateOnce(const Change& first, const CreateOptions& options,
                                   absl::Time deadline);
  // Returns what an earlier call with this request id created, if any.
  absl::StatusOr<std::optional<Found>> FindCreated(const CreateOptions& options,
                                                   absl::Time deadline);
  absl::StatusOr<Version> ExistingVersion(std::string_view id, int number, absl::Time deadline);

  TemplateStore& store_;
  const Clock& clock_;
};

}  // namespace lmsmail::templates
