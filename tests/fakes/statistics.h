#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

#include "tests/fakes/ledger.h"

namespace lmsmail::fakes {

// Counts requests and accepted mails. Thread-safe.
class Statistics {
 public:
  // `status` is 0 if the connection was cut without an answer.
  void CountRequest(int status);
  void CountMails(const std::vector<Mail>& mails, bool answered);

  // requests, by_status ("cut" for those without an answer), mails, unanswered (mails whose answer
  // was lost), duplicates (mails whose id was accepted before for that recipient), without_id,
  // cpu_us of this process.
  nlohmann::json ToJson() const;

 private:
  mutable absl::Mutex mutex_;
  std::int64_t requests_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int, std::int64_t> by_status_ ABSL_GUARDED_BY(mutex_);
  std::int64_t mails_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t duplicates_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t without_id_ ABSL_GUARDED_BY(mutex_) = 0;
  // Hashes, so that ten million mails take little memory.
  absl::flat_hash_set<std::uint64_t> seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::fakes
