#pragma once

#include <cstdint>
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

#include "libs/status/error_details.h"
#include "services/scheduler/storage/in_memory_request_store.h"

namespace lmsmail::scheduler {

// Implements the part of `Store` that is ResourceStore<Resource>.
template <typename Store, typename Resource>
class InMemoryResourceStore : public Store {
 public:
  explicit InMemoryResourceStore(InMemoryRequestStore& requests) : requests_(requests) {}

  absl::Status Create(const Resource& resource, const RequestRecord& request, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (resources_.contains(resource.id) || !requests_.Insert(request)) {
      return absl::AlreadyExistsError(resource.id);
    }
    resources_[resource.id] = resource;
    return absl::OkStatus();
  }

  absl::StatusOr<Resource> Find(std::string_view id, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    const auto found = resources_.find(id);
    if (found == resources_.end()) return NotFound(id);
    return found->second;
  }

  absl::StatusOr<std::vector<Resource>> List(std::string_view after_id, int limit,
                                             absl::Time) override {
    absl::MutexLock lock(&mutex_);
    std::vector<Resource> page;
    for (auto it = resources_.upper_bound(after_id);
         it != resources_.end() && static_cast<int>(page.size()) < limit; ++it) {
      page.push_back(it->second);
    }
    return page;
  }

  absl::Status Update(const Resource& resource, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    const auto found = resources_.find(resource.id);
    if (found == resources_.end() || found->second.revision != resource.revision - 1) {
      return EtagMismatch(resource.id);
    }
    found->second = resource;
    return absl::OkStatus();
  }

  absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                      absl::Time) override {
    absl::MutexLock lock(&mutex_);
    const auto found = resources_.find(id);
    if (found == resources_.end()) return NotFound(id);
    if (revision && found->second.revision != *revision) return EtagMismatch(id);
    resources_.erase(found);
    return absl::OkStatus();
  }

 protected:
  InMemoryRequestStore& requests_;
  absl::Mutex mutex_;
  std::map<std::string, Resource, std::less<>> resources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
