#pragma once

#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/http_server/responder.h"

namespace lmsmail::fakes {

// Sends responses later, on a thread of its own. Answers that are still due when it is destroyed
// are dropped.
class DelayedAnswers {
 public:
  DelayedAnswers() : thread_([this] { Run(); }) {}
  ~DelayedAnswers();
  DelayedAnswers(const DelayedAnswers&) = delete;
  DelayedAnswers& operator=(const DelayedAnswers&) = delete;

  void Add(absl::Duration delay, http_server::Response response, http_server::Responder responder);

 private:
  struct Answer {
    http_server::Response response;
    http_server::Responder responder;
  };

  void Run();

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::multimap<absl::Time, Answer> due_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lmsmail::fakes
