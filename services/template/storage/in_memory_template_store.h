#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "services/template/storage/template_store.h"

namespace lmsmail::templates {

// A store for tests. Ignores deadlines.
class InMemoryTemplateStore : public TemplateStore {
 public:
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
  struct Entry {
    Template state;
    std::map<int, Version> versions;
    std::map<int, Publication> publications;
  };

  static void Apply(const Change& change, Entry& entry);

  absl::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> templates_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, IdempotencyRecord, std::less<>> records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::templates
