#include "libs/audit/in_memory_audit_log.h"

#include <algorithm>
#include <ranges>

namespace lmsmail::audit {
namespace {

bool Matches(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

bool Matches(const Filter& filter, const Entry& entry) {
  return Matches(filter.caller, entry.call.caller) && Matches(filter.method, entry.call.method) &&
         Matches(filter.resource, entry.call.resource) && entry.begin_time >= filter.start &&
         entry.begin_time < filter.end;
}

}  // namespace

absl::StatusOr<std::int64_t> InMemoryAuditLog::Begin(const Call& call, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto id = static_cast<std::int64_t>(entries_.size()) + 1;
  entries_.push_back({.id = id, .begin_time = clock_.Now(), .call = call});
  return id;
}

void InMemoryAuditLog::End(std::int64_t id, absl::StatusCode code) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[static_cast<std::size_t>(id) - 1];
  if (!entry.end) entry.end = {clock_.Now(), code};
}

absl::StatusOr<std::vector<Entry>> InMemoryAuditLog::List(const Filter& filter,
                                                          std::optional<std::int64_t> before,
                                                          int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Entry> found;
  for (const Entry& entry : std::views::reverse(entries_)) {
    if (static_cast<int>(found.size()) == limit) break;
    if (before && entry.id >= *before) continue;
    if (Matches(filter, entry)) found.push_back(entry);
  }
  return found;
}

}  // namespace lmsmail::audit
