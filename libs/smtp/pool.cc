#include "libs/smtp/pool.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "libs/retry/backoff.h"
#include "libs/smtp/outcome.h"

namespace lmsmail::smtp {
namespace {

constexpr retry::BackoffPolicy kOpenBackoff{.initial = absl::Seconds(1), .max = absl::Seconds(30)};

}  // namespace

Pool::Pool(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
           boost::asio::ssl::context* tls, PhaseObserver observer, ConnectionObserver connections)
    : io_(io),
      deadline_timer_(deadline_timer),
      options_(options),
      tls_(tls),
      observer_(std::move(observer)),
      connections_(std::move(connections)),
      max_connections_(options.max_connections) {}

bool Pool::Enqueue(std::unique_ptr<Transaction>& transaction) {
  bool needs_dispatch = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!accepting_ || queue_.size() >= options_.max_queued) return false;
    queue_.push_back(std::move(transaction));
    ++unfinished_;
    needs_dispatch = !std::exchange(skip_dispatch_, true);
  }
  if (needs_dispatch) PostDispatch();
  return true;
}

bool Pool::EnqueueRejected(std::unique_ptr<Transaction>& transaction, Result result) {
  {
    absl::MutexLock lock(&mutex_);
    if (!accepting_) return false;
    ++unfinished_;
  }
  boost::asio::post(io_,
                    [this, owned = std::move(transaction), result = std::move(result)]() mutable {
                      Finish(std::move(owned), std::move(result));
                    });
  return true;
}

void Pool::SetMaxConnections(size_t connections) {
  max_connections_ = connections;
  boost::asio::post(io_, [this] {
    if (IsOverLimit()) {
      for (Session* session : idle_) session->Wake();
    }
    Dispatch();
  });
}

bool Pool::accepting() const {
  absl::MutexLock lock(&mutex_);
  return accepting_;
}

bool Pool::WaitUntilIdle(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(this, &Pool::IsIdle), timeout);
}

void Pool::StopAccepting() {
  {
    absl::MutexLock lock(&mutex_);
    accepting_ = false;
  }
  boost::asio::post(io_, [this] {
    FinishAllQueued(absl::CancelledError("the client is shutting down"));
    for (Session* session : idle_) session->Wake();
  });
}

std::unique_ptr<Transaction> Pool::Dequeue() {
  if (IsOverLimit()) return nullptr;
  absl::MutexLock lock(&mutex_);
  if (queue_.empty()) return nullptr;
  std::unique_ptr<Transaction> next = std::move(queue_.front());
  queue_.pop_front();
  return next;
}

void Pool::Requeue(std::unique_ptr<Transaction> transaction) {
  {
    absl::MutexLock lock(&mutex_);
    if (accepting_) {
      queue_.push_front(std::move(transaction));
      return;  // the session's OnClosed dispatches
    }
  }
  Finish(std::move(transaction),
         Interrupted(Phase::kNotStarted, absl::CancelledError("the client is shutting down")));
}

void Pool::Finish(std::unique_ptr<Transaction> transaction, Result result) {
  transaction->Finish(std::move(result));
  transaction.reset();
  absl::MutexLock lock(&mutex_);
  --unfinished_;
}

void Pool::ObservePhase(const Transaction& transaction) {
  if (observer_) observer_(transaction.token(), transaction.phase);
}

void Pool::FinishAllQueued(const absl::Status& error) {
  std::deque<std::unique_ptr<Transaction>> queue;
  {
    absl::MutexLock lock(&mutex_);
    queue.swap(queue_);
  }
  for (auto& transaction : queue) {
    Finish(std::move(transaction), Interrupted(Phase::kNotStarted, error));
  }
}

void Pool::OnReady() {
  --opening_;
  failed_opens_ = 0;
  if (connections_) connections_(absl::OkStatus());
  PostDispatch();
}

SessionOwner::Idle Pool::OnIdle(Session& session) {
  if (IsOverLimit()) {
    quitting_.insert(&session);
    return Idle::kQuit;
  }
  absl::MutexLock lock(&mutex_);
  if (!queue_.empty()) return Idle::kContinue;
  if (!accepting_) return Idle::kQuit;
  idle_.push_back(&session);
  skip_dispatch_ = false;
  return Idle::kWait;
}

void Pool::OnNoLongerIdle(Session& session) { std::erase(idle_, &session); }

void Pool::OnClosed(Session& session, bool ready, const absl::Status& why) {
  if (connections_ && !why.ok()) connections_(why);
  if (!ready) {
    --opening_;
    const auto now = std::chrono::steady_clock::now();
    const auto key = static_cast<uint64_t>(now.time_since_epoch().count());
    no_opening_before_ = now + absl::ToChronoMilliseconds(
                                   retry::BackoffWithJitter(kOpenBackoff, ++failed_opens_, key));
  }
  // The session's coroutine is still on the stack; it holds a reference of its own.
  quitting_.erase(&session);
  sessions_.erase(&session);
  if (!ready && sessions_.empty()) FinishAllQueued(why);
  Dispatch();
}

void Pool::PostDispatch() {
  boost::asio::post(io_, [this] { Dispatch(); });
}

bool Pool::MayOpen() const {
  if (sessions_.empty()) return true;
  // One connection goes first while none is ready: a server that refuses us is asked once.
  if (opening_ == sessions_.size()) return false;
  return sessions_.size() < max_connections_ &&
         std::chrono::steady_clock::now() >= no_opening_before_;
}

void Pool::Dispatch() {
  if (max_connections_ == 0) {
    FinishAllQueued(absl::CancelledError("the client is not allowed any connections"));
    absl::MutexLock lock(&mutex_);
    skip_dispatch_ = false;
    return;
  }
  size_t waiting = 0;
  {
    absl::MutexLock lock(&mutex_);
    waiting = queue_.size();
    skip_dispatch_ = false;
  }
  // Woken sessions leave idle_ only when they run; opening sessions take no mail yet.
  const size_t wake = std::min(waiting, idle_.size());
  for (size_t i = 0; i < wake; ++i) idle_[i]->Wake();
  size_t unserved = waiting - wake;
  unserved -= std::min(unserved, opening_);
  for (; unserved > 0 && MayOpen(); --unserved) OpenSession();

  absl::MutexLock lock(&mutex_);
  skip_dispatch_ = idle_.empty() && sessions_.size() >= max_connections_;
}

void Pool::OpenSession() {
  auto session = std::make_shared<Session>(io_, deadline_timer_, options_, tls_, *this);
  sessions_.emplace(session.get(), session);
  ++opening_;
  session->Start();
}

}  // namespace lmsmail::smtp
