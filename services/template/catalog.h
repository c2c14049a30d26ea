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
#include "services/template/template_store.h"

namespace lmsmail::templates {

inline constexpr char kTemplateDeleted[] = "TEMPLATE_DELETED";
inline constexpr char kTemplateNotPublished[] = "TEMPLATE_NOT_PUBLISHED";
inline constexpr char kNothingToRollBack[] = "NOTHING_TO_ROLL_BACK";
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";

// How long a CreateTemplate's request id is remembered.
inline constexpr absl::Duration kRecordLifetime = absl::Hours(24 * 7);

struct NewTemplate {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  Wording wording;
};

struct CreateOptions {
  std::string request_id;
  std::int64_t digest = 0;  // of the request's body
  bool publish = false;
  bool validate_only = false;
};

// What an update changes; the rest stays.
struct Edit {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::optional<std::vector<LocalizedContent>> contents;
  std::optional<std::vector<Variable>> variables;
  std::optional<std::vector<std::string>> unescaped_variables;

  bool HasWording() const { return contents || variables || unescaped_variables; }
};

struct UpdateOptions {
  std::string etag;      // empty: not checked
  bool publish = false;  // has effect when the edit has wording
  bool validate_only = false;
};

// The life of templates: what may be done to them and what it does. Thread-safe.
//
// What returns a Found returns the template with the version it shows: the published one, or the
// latest when none is. `violations` are faults the caller has found in its request already; they
// are answered together with those found here. Etags that are not current are ABORTED.
class Catalog {
 public:
  Catalog(TemplateStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::StatusOr<Found> Create(NewTemplate created, const CreateOptions& options,
                               Violations violations, absl::Time deadline);
  absl::StatusOr<Found> Get(std::string_view id, absl::Time deadline);
  // The found version is there. The published one of a deleted template is FAILED_PRECONDITION, all
  // others are kept for the mail that was accepted earlier.
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
  // No `version`: the latest. Publishing what is published changes nothing.
  absl::StatusOr<Found> Publish(std::string_view id, std::optional<int> version,
                                std::string_view etag, absl::Time deadline);
  absl::StatusOr<Found> Rollback(std::string_view id, std::string_view etag, absl::Time deadline);
  // Both change nothing when there is nothing to do, so that a repeated call is harmless.
  absl::StatusOr<Found> Delete(std::string_view id, std::string_view etag, absl::Time deadline);
  absl::StatusOr<Found> Undelete(std::string_view id, absl::Time deadline);

  // Forgets request ids past their lifetime; returns how many.
  absl::StatusOr<int> ForgetRecords(absl::Time deadline);

 private:
  // What to do to a template as it stands, its latest version with it; no change means that it
  // stays as it is.
  using Decision = std::optional<Change>;
  using Decide = absl::FunctionRef<absl::StatusOr<Decision>(const Found& latest)>;

  absl::StatusOr<Found> Apply(std::string_view id, std::string_view etag, absl::Time deadline,
                              Decide decide);
  absl::StatusOr<Found> CreateOnce(const Change& first, const CreateOptions& options,
                                   absl::Time deadline);
  // What the call with this request id created, if there was one.
  absl::StatusOr<std::optional<Found>> CreatedBefore(const CreateOptions& options,
                                                     absl::Time deadline);
  absl::StatusOr<Version> ExistingVersion(std::string_view id, int number, absl::Time deadline);
  // Begins a change of `state` at the present time.
  Change Next(const Template& state) const;

  TemplateStore& store_;
  const Clock& clock_;
};

}  // namespace lmsmail::templates
