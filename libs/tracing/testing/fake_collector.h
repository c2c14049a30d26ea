#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::http_server {
class Server;
}

namespace lmsmail::tracing {

// A span as a collector received it; ids are hexadecimal.
struct CollectedSpan {
  std::string service;
  std::string name;
  std::string trace_id, span_id, parent_span_id;
  int kind = 0;
  bool failed = false;
  absl::Time start, end;
  std::map<std::string, std::string> attributes;  // integers as text
};

// A collector of traces on a port of its own, until destroyed. Thread-safe.
class FakeCollector {
 public:
  FakeCollector();
  ~FakeCollector();
  FakeCollector(const FakeCollector&) = delete;
  FakeCollector& operator=(const FakeCollector&) = delete;

  std::string endpoint() const;
  // The statuses of the next answers; 200 afterwards.
  void AnswerWith(std::vector<int> statuses);
  int requests() const;
  // Those of requests that were answered with 200.
  std::vector<CollectedSpan> spans() const;
  // Whether the spans fulfil `condition` within `timeout`.
  bool WaitFor(const std::function<bool(const std::vector<CollectedSpan>&)>& condition,
               absl::Duration timeout = absl::Seconds(30)) const;

 private:
  int Receive(const std::string& content_type, const std::string& body);

  mutable absl::Mutex mutex_;
  std::vector<int> statuses_ ABSL_GUARDED_BY(mutex_);
  int requests_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<CollectedSpan> spans_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http_server::Server> server_;  // last: its threads use the rest
};

}  // namespace lmsmail::tracing
