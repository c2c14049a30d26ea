#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::fakes {

// A way to fail a request to send mail.
enum class Mode {
  kNone,
  k400,  // with an error for a field
  k401,  // the key is not known
  k403,  // the sender is not verified
  k413,  // HTML of the proxy in front of the API, before the body was read
  k429,  // with the time of the reset
  k451,  // data residency
  k500,
  k503,             // HTML of the proxy
  kSlow,            // mail is accepted, and the answer delayed
  kCutBeforeBody,   // the connection is closed before the body was read
  kCutAfterBody,    // ... after the body was read, and no mail was accepted
  kCutAfterAccept,  // ... after the mail was accepted: the answer is lost
  kWrongBody,       // 200 with the HTML of a captive portal: the request never arrived
  kRevoked,         // every request is 401; stands until another mode is set
  kQuota,           // the plan's quota is used up; stands until another mode is set
};

struct Failure {
  Mode mode = Mode::kNone;
  absl::Duration delay;  // kSlow
  absl::Duration reset;  // k429
};

// Decides which request fails in which way. Thread-safe.
//
// A plan is JSON: {"mode":"429","for_requests":3,"after_requests":0,"every":1,"reset_seconds":1,
// "delay_ms":1000}. Mode is none, 400, 401, 403, 413, 429, 451, 500, 503, slow, cut-before-body,
// cut-after-body, cut-after-accept, wrong-body, revoked or quota. After the given number of
// requests to send mail, every N-th fails, until `for_requests` have failed; without it, until
// another plan is set. Only `mode` is required.
class FailurePlan {
 public:
  // Replaces the plan. INVALID_ARGUMENT for anything but the above.
  absl::Status Set(std::string_view json);

  // Where a failure applies: before the body of a request to send mail was read, or afterwards.
  enum class Stage { kHead, kBody };
  // The failure of the next request; mode kNone if it has none. Call for the head and for the body
  // of each request to send mail.
  Failure Take(Stage stage);

  bool revoked() const;
  // The mode that was set, as in JSON.
  std::string mode() const;

 private:
  mutable absl::Mutex mutex_;
  Failure failure_ ABSL_GUARDED_BY(mutex_);
  std::string mode_ ABSL_GUARDED_BY(mutex_) = "none";
  std::int64_t after_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t every_ ABSL_GUARDED_BY(mutex_) = 1;
  std::optional<std::int64_t> left_ ABSL_GUARDED_BY(mutex_);
  std::int64_t seen_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lmsmail::fakes
