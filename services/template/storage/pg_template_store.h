#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"
#include "services/template/storage/template_store.h"

namespace lmsmail::templates {

// Stores templates in the tables of migrations/. The pool must outlive the store.
class PgTemplateStore final : public TemplateStore {
 public:
  explicit PgTemplateStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<Found> Find(std::string_view id, VersionSelector version,
                             absl::Time deadline) override;
  absl::StatusOr<std::vector<Template>> List(const ListQuery& query, absl::Time deadline) override;
  absl::StatusOr<std::vector<Version>> ListVersions(std::string_view id, int below, int limit,
                                                    absl::Time deadline) override;
  absl::StatusOr<Publication> GetPublication(std::string_view id, int number,
                                             absl::Time deadline) override;
  absl::StatusOr<bool> HasContent(std::string_view id, std::string_view digest,
                                  absl::Time deadline) override;
  absl::Status Create(const Change& first, const std::optional<IdempotencyRecord>& record,
                      absl::Time deadline) override;
  absl::Status Update(const Change& change, absl::Time deadline) override;
  absl::StatusOr<std::optional<IdempotencyRecord>> FindRecord(std::string_view request_id,
                                                              absl::Time deadline) override;
  absl::StatusOr<int> DeleteRecordsBefore(absl::Time before, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::templates
