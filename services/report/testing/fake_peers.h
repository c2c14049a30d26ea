#pragma once

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "services/report/domain/mail_stats.h"
#include "services/report/domain/previewer.h"

namespace lmsmail::report {

// Returns the same preview for every call and records the last context. Thread-safe.
class FakePreviewer final : public Previewer {
 public:
  absl::StatusOr<Preview> Render(const google::protobuf::Struct& context,
                                 const rpc::CallInfo&) override {
    absl::MutexLock lock(&mutex_);
    context_ = context;
    return Preview{"Your week", "<p>", "text", {"close to a limit"}};
  }
  google::protobuf::Struct context() const {
    absl::MutexLock lock(&mutex_);
    return context_;
  }

 private:
  mutable absl::Mutex mutex_;
  google::protobuf::Struct context_ ABSL_GUARDED_BY(mutex_);
};

// Returns the result that a test has set and records the last query. Thread-safe.
class FakeMailStatsSource final : public MailStatsSource {
 public:
  absl::StatusOr<std::vector<MailStats>> Get(const MailStatsQuery& query,
                                             const rpc::CallInfo&) override {
    absl::MutexLock lock(&mutex_);
    query_ = query;
    return result_;
  }
  void SetResult(absl::StatusOr<std::vector<MailStats>> result) {
    absl::MutexLock lock(&mutex_);
    result_ = std::move(result);
  }
  MailStatsQuery query() const {
    absl::MutexLock lock(&mutex_);
    return query_;
  }

 private:
  mutable absl::Mutex mutex_;
  MailStatsQuery query_ ABSL_GUARDED_BY(mutex_);
  absl::StatusOr<std::vector<MailStats>> result_ ABSL_GUARDED_BY(mutex_) = std::vector<MailStats>();
};

}  // namespace lmsmail::report
