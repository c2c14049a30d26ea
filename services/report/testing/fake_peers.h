#pragma once

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
  absl::StatusOr<Preview> Render(const std::string& student,
                                 const google::protobuf::Struct& context,
                                 const rpc::CallInfo&) override {
    absl::MutexLock lock(&mutex_);
    student_ = student;
    context_ = context;
    return Preview{"Your week", "<p>", "text", {"close to a limit"}};
  }
  std::string student() const {
    absl::MutexLock lock(&mutex_);
    return student_;
  }
  google::protobuf::Struct context() const {
    absl::MutexLock lock(&mutex_);
    return context_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::string student_ ABSL_GUARDED_BY(mutex_);
  google::protobuf::Struct context_ ABSL_GUARDED_BY(mutex_);
};

// Returns `result` and records the last query.
class FakeMailStatsSource final : public MailStatsSource {
 public:
  absl::StatusOr<std::vector<MailStats>> Get(const MailStatsQuery& received,
                                             const rpc::CallInfo&) override {
    query = received;
    return result;
  }

  absl::StatusOr<std::vector<MailStats>> result = std::vector<MailStats>();
  MailStatsQuery query;
};

}  // namespace lmsmail::report
