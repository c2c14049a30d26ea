#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/template/api/resource_names.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

// That a CreateTemplate with this request id made this template.
struct IdempotencyRecord {
  std::string request_id;
  std::int64_t digest = 0;  // of the request's body
  std::string template_id;
  absl::Time time;

  bool operator==(const IdempotencyRecord&) const = default;
};

struct ListQuery {
  std::string after_id;  // exclusive; empty: from the first
  int limit = 0;
  std::optional<Category> category;  // absent: all
  bool show_deleted = false;
};

// A template with one of its versions.
struct Found {
  Template state;
  std::optional<Version> version;  // absent: it has no such version
};

// Where templates are kept. Each call is atomic and gives up at `deadline`. Thread-safe. Besides
// what is named here, calls fail with what libs/postgres/sql_error.h lists.
class TemplateStore {
 public:
  virtual ~TemplateStore() = default;

  // Deleted templates too. NOT_FOUND when there is no such template.
  virtual absl::StatusOr<Found> Find(std::string_view id, VersionSelector version,
                                     absl::Time deadline) = 0;
  // By id.
  virtual absl::StatusOr<std::vector<Template>> List(const ListQuery& query,
                                                     absl::Time deadline) = 0;
  // Those with numbers below `below`, newest first; none when there is no such template.
  virtual absl::StatusOr<std::vector<Version>> ListVersions(std::string_view id, int below,
                                                            int limit, absl::Time deadline) = 0;
  // NOT_FOUND when there is none of that number.
  virtual absl::StatusOr<Publication> GetPublication(std::string_view id, int number,
                                                     absl::Time deadline) = 0;
  // Whether any of the template's versions has this digest.
  virtual absl::StatusOr<bool> HasContent(std::string_view id, std::string_view digest,
                                          absl::Time deadline) = 0;

  // Stores a new template with what `first` adds to it, and `record` if there is one.
  // ALREADY_EXISTS when the id or the request id is taken; then nothing is stored.
  virtual absl::Status Create(const Change& first, const std::optional<IdempotencyRecord>& record,
                              absl::Time deadline) = 0;
  // Stores `change`, whose state's revision is one above the stored one. ABORTED, with nothing
  // stored, when it is not: somebody else was quicker.
  virtual absl::Status Update(const Change& change, absl::Time deadline) = 0;

  virtual absl::StatusOr<std::optional<IdempotencyRecord>> FindRecord(std::string_view request_id,
                                                                 absl::Time deadline) = 0;
  // Forgets records older than `before`; returns how many.
  virtual absl::StatusOr<int> DeleteRecordsBefore(absl::Time before, absl::Time deadline) = 0;
};

}  // namespace lmsmail::templates
