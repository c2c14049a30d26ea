#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/transaction_base>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::dispatch {

// Numbers of a PostgreSQL sequence whose INCREMENT is `block`: one query returns that many (hi/lo).
// A number is never returned twice, even if its transaction is rolled back. Thread-safe.
class PgSequence {
 public:
  PgSequence(std::string sequence, std::int64_t block)
      : sequence_(std::move(sequence)), block_(block) {}

  // Returns a number, unless that needs a query.
  std::optional<std::int64_t> TryTake() {
    absl::MutexLock lock(&mutex_);
    if (next_ == end_) return std::nullopt;
    return next_++;
  }
  // Returns the first of `count` consecutive numbers. `count` is at most `block`.
  std::int64_t Take(pqxx::transaction_base& tx, std::int64_t count) {
    absl::MutexLock lock(&mutex_);
    if (end_ - next_ < count) {
      next_ = tx.exec_params1("SELECT nextval($1::regclass)", sequence_)[0].as<std::int64_t>();
      end_ = next_ + block_;
    }
    const std::int64_t first = next_;
    next_ += count;
    return first;
  }

 private:
  const std::string sequence_;
  const std::int64_t block_;
  absl::Mutex mutex_;
  std::int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t end_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lmsmail::dispatch
