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

// The queue of mails and the sessions that take mails from it. Sessions pull, so a slow session
// delays at most its own two mails. Enqueueing only wakes an idle session or opens another one.
class Pool final : public SessionOwner {
 public:
  using PhaseObserver = std::function<void(uint64_t token, Phase phase)>;

  // As Client::ConnectionObserver.
  using ConnectionObserver = std::function<void(const absl::Status&)>;

  // The observers may be empty.
  Pool(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
       boost::asio::ssl::context* tls, PhaseObserver observer, ConnectionObserver connections);

  // Thread-safe. Returns false and leaves `transaction` unchanged when it cannot be accepted.
  bool Enqueue(std::unique_ptr<Transaction>& transaction);
  // Like Enqueue, but the transaction ends at once with `result`.
  bool EnqueueRejected(std::unique_ptr<Transaction>& transaction, Result result);
  void SetMaxConnections(size_t connections);
  bool WaitUntilIdle(absl::Duration timeout) const;
  // Accepts no more, cancels queued mails, and lets sessions quit when they have finished.
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

  // What follows is confined to the io thread.
  void PostDispatch();
  // Wakes idle sessions and opens new ones, as many as there are queued mails.
  void Dispatch();
  bool MayOpen() const;
  // Does not count the connections that are about to close.
  bool IsOverLimit() const { return sessions_.size() - quitting_.size() > max_connections_; }
  void OpenSession();
  void FinishAllQueued(const absl::Status& error);

  boost::asio::io_context& io_;
  DeadlineTimer& deadline_timer_;
  const Options& options_;
  boost::asio::ssl::context* const tls_;
  const PhaseObserver observer_;
  const ConnectionObserver connections_;
  std::atomic<size_t> max_connections_;

  mutable absl::Mutex mutex_;
  std::deque<std::unique_ptr<Transaction>> queue_ ABSL_GUARDED_BY(mutex_);
  size_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;  // accepted, `done` not yet returned
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  // Set while a dispatch is already scheduled or would have no effect.
  bool skip_dispatch_ ABSL_GUARDED_BY(mutex_) = false;

  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  std::vector<Session*> idle_;
  std::unordered_set<Session*> quitting_;
  size_t opening_ = 0;
  // After a failed connection attempt, because servers limit connections per client.
  std::chrono::steady_clock::time_point no_opening_before_;
  int failed_opens_ = 0;  // in a row
};

}  // namespace lmsmail::smtp
