#pragma once

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "services/report/domain/mail_stats.h"
#include "services/report/domain/previewer.h"

namespace lmsmail::report {

// Answers every preview alike, and remembers the context. Thread-safe.
class FakePreviewer final : public Previewer {
 public:
  absl::StatusOr<Preview> Render(const google::protobuf::Struct& given,
                                 const rpc::CallInfo&) override {
    absl::MutexLock lock(&mutex_);
    context_ = given;
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

// Answers as told, and remembers what it was asked. Thread-safe.
class FakeMailStats final : public MailStatsSource {
 public:
  absl::StatusOr<std::vector<dispatch::v1::MailStats>> Get(
      const dispatch::v1::GetMailStatsRequest& request, const rpc::CallInfo&) override {
    absl::MutexLock lock(&mutex_);
    asked_ = request;
    return answer_;
  }
  void Answer(absl::StatusOr<std::vector<dispatch::v1::MailStats>> answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  dispatch::v1::GetMailStatsRequest asked() const {
    absl::MutexLock lock(&mutex_);
    return asked_;
  }

 private:
  mutable absl::Mutex mutex_;
  dispatch::v1::GetMailStatsRequest asked_ ABSL_GUARDED_BY(mutex_);
  absl::StatusOr<std::vector<dispatch::v1::MailStats>> answer_ ABSL_GUARDED_BY(mutex_) =
      std::vector<dispatch::v1::MailStats>();
};

}  // namespace lmsmail::report
