#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/scheduler/storage/request_store.h"

namespace lmsmail::scheduler {

class InMemoryRequestStore final : public RequestStore {
 public:
  absl::StatusOr<std::optional<RequestRecord>> Find(std::string_view method,
                                                    std::string_view request_id,
                                                    absl::Time) override {
    absl::MutexLock lock(&mutex_);
    const auto found = records_.find({std::string(method), std::string(request_id)});
    if (found == records_.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<int> DeleteBefore(absl::Time time, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(
        std::erase_if(records_, [&](const auto& entry) { return entry.second.time < time; }));
  }

  // False when the request id is taken.
  bool Insert(const RequestRecord& request) {
    absl::MutexLock lock(&mutex_);
    return records_.try_emplace({request.method, request.request_id}, request).second;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, RequestRecord> records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
