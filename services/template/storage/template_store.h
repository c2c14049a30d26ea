#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// Records which template CreateTemplate created for a request id.
struct IdempotencyRecord {
  std::string request_id;
  std::int64_t digest = 0;  // of the request body
  std::string template_id;
  absl::Time create_time;

  bool operator==(const IdempotencyRecord&) const = default;
};

struct ListQuery {
  std::string after_id;  // exclusive; empty starts at the first template
  int limit = 0;
  std::optional<Category> category;  // absent means all
  bool show_deleted = false;
};

// A template with one of its versions.
struct Found {
  Template state;
  std::optional<Version> version;  // absent when the template has no such version
};

// Stores templates. Each call is atomic and returns by `deadline`. Besides the errors listed here,
// calls return those of libs/postgres/sql_error.h. Thread-safe.
class TemplateStore {
 public:
  virtual ~TemplateStore() = default;

  // Also finds deleted templates. NOT_FOUND when the template does not exist.
  virtual absl::StatusOr<Found> Find(std::string_view id, VersionSelector version,
                                     absl::Time deadline) = 0;
  // Sorted by id.
  virtual absl::StatusOr<std::vector<Template>> List(const ListQuery& query,
                                                     absl::Time deadline) = 0;
  // Returns the versions with numbers below `below`, newest first. Empty when the template does not
  // exist.
  virtual absl::StatusOr<std::vector<Version>> ListVersions(std::string_view id, int below,
                                                            int limit, absl::Time deadline) = 0;
  // NOT_FOUND when the publication does not exist.
  virtual absl::StatusOr<Publication> GetPublication(std::string_view id, int number,
                                                     absl::Time deadline) = 0;
  // Whether any version of the template has this digest.
  virtual absl::StatusOr<bool> HasContent(std::string_view id, std::string_view digest,
                                          absl::Time deadline) = 0;

  // Stores a new template with the rows that `first` adds, and `record` if present. Returns
  // ALREADY_EXISTS and stores nothing when the id or the request id exists.
  virtual absl::Status Create(const Change& first, const std::optional<IdempotencyRecord>& record,
                              absl::Time deadline) = 0;
  // Stores `change`. Returns ABORTED and stores nothing unless the new revision is the stored one
  // plus one, that is, after a concurrent change.
  virtual absl::Status Update(const Change& change, absl::Time deadline) = 0;

  virtual absl::StatusOr<std::optional<IdempotencyRecord>> FindRecord(std::string_view request_id,
                                                                      absl::Time deadline) = 0;
  // Deletes the records older than `before`. Returns how many.
  virtual absl::StatusOr<int> DeleteRecordsBefore(absl::Time before, absl::Time deadline) = 0;
};

}  // namespace lmsmail::templates
