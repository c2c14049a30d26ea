#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/smtp/deadline_timer.h"
#include "libs/smtp/options.h"
#include "libs/smtp/session.h"
#include "libs/smtp/transaction.h"

namespace lmsmail::smtp {

// The queue of waiting mails and the sessions that draw from it. Sessions pull, so a slow one holds
// up at most the two mails it has; mails push only to wake an idle session or to open another.
class Pool final : public SessionOwner {
 public:
  using PhaseObserver = std::function<void(uint64_t token, Phase phase)>;

  Pool(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
       boost::asio::ssl::context* tls, PhaseObserver observer);

  // Thread-safe. False with `transaction` untouched when it can't be accepted.
  bool Enqueue(std::unique_ptr<Transaction>& transaction);
  // Counts like Enqueue, but ends at once in `result`.
  bool EnqueueRefused(std::unique_ptr<Transaction>& transaction, Result result);
  void SetMaxConnections(size_t connections);
  size_t queued() const;
  size_t in_flight() const;
  bool WaitUntilIdle(absl::Duration timeout) const;
  // Accepts no more, cancels what waits, and lets sessions leave when they have finished.
  void StopAccepting();
  bool accepting() const;

  // SessionOwner.
  std::unique_ptr<Transaction> Dequeue() override;
  void Requeue(std::unique_ptr<Transaction> transaction) override;
  void Finish(std::unique_ptr<Transaction> transaction, Result result) override;
  void ObservePhase(const Transaction& transaction) override;
  void OnReady() override;
  Idle OnIdle(Session& session) override;
  void OnNoLongerIdle(Session& session) override;
  void OnClosed(Session& session, bool ready, const absl::Status& why) override;

 private:
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unfinished_ == 0; }

  // The rest is confined to the io thread.
  void PostDispatch();
  // Sets idle sessions to work and opens new ones, as many as there are mails for.
  void Dispatch();
  bool MayOpen() const;
  // More connections are open than may be, apart from those that are about to close.
  bool IsOverLimit() const { return sessions_.size() - quitting_.size() > max_connections_; }
  void OpenSession();
  void FinishAllQueued(const absl::Status& error);

  boost::asio::io_context& io_;
  DeadlineTimer& deadline_timer_;
  const Options& options_;
  boost::asio::ssl::context* const tls_;
  const PhaseObserver observer_;
  std::atomic<size_t> max_connections_;

  mutable absl::Mutex mutex_;
  std::deque<std::unique_ptr<Transaction>> queue_ ABSL_GUARDED_BY(mutex_);
  size_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;  // accepted, `done` not yet returned
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  // No dispatch could put one more mail to use, or one is already on its way: enqueueing suffices.
  bool skip_dispatch_ ABSL_GUARDED_BY(mutex_) = false;

  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  std::vector<Session*> idle_;
  std::unordered_set<Session*> quitting_;
  size_t opening_ = 0;
  // After a failure to open, while others serve: servers limit connections per client.
  std::chrono::steady_clock::time_point no_opening_before_;
  std::chrono::milliseconds backoff_{0};
};

}  // namespace lmsmail::smtp
