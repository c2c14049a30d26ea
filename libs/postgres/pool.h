#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::postgres {

class Session;

// Registered under `name` on every connection, and parsed by the server at its first use there. Run
// it with tx.exec_prepared(name, ...).
struct PreparedStatement {
  std::string name;
  std::string sql;
};

// Passed to the observer after each transaction. Includes retries.
struct TransactionEvent {
  std::string_view name;
  absl::StatusCode code;
  absl::Duration elapsed;
  int attempts;
};

// Every member has an initialiser, so that callers may name only the members they set.
struct PoolOptions {
  std::string dsn = {};               // "host=... dbname=..." or "postgresql://..."
  std::size_t size = 4;               // the maximum number of connections
  std::string application_name = {};  // shown in pg_stat_activity
  std::string schema = {};            // search_path; empty: the server's default

  // The server enforces the first three. Zero means no limit.
  absl::Duration statement_timeout = absl::Seconds(5);
  absl::Duration lock_timeout = absl::Seconds(1);
  absl::Duration idle_in_transaction_timeout = absl::Seconds(10);
  absl::Duration connect_timeout = absl::Seconds(3);  // rounded up to seconds, at least 2
  absl::Duration checkout_timeout = absl::Seconds(2);

  std::vector<std::pair<std::string, std::string>> settings = {};  // more session settings
  std::vector<PreparedStatement> statements = {};
  std::function<void(const TransactionEvent&)> observer = {};  // any thread; must not block
  // Runs on each new connection before it is used; an error closes it. Any thread.
  std::function<absl::Status(Session&)> connected = {};
};

// A bounded set of connections. Opens them when they are first needed, so the database may be down
// when the pool is created. Replaces broken connections. Thread-safe.
class Pool {
 public:
  // INVALID_ARGUMENT for a DSN or setting that can never work. Does not use the network.
  static absl::StatusOr<std::unique_ptr<Pool>> Create(PoolOptions options);

  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Exclusive use of a session, which returns to the pool when the lease ends.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_.get(); }
    // Closes the session, instead of reusing it, when the lease ends.
    void Discard() { reusable_ = false; }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Session> session);

    Pool* pool_;
    std::unique_ptr<Session> session_;
    bool reusable_ = true;
  };

  // Waits for a free connection until the checkout timeout or `deadline`, whichever is sooner.
  // UNAVAILABLE when there is none or the database cannot be reached. Most callers use
  // RunInTransaction() instead.
  absl::StatusOr<Lease> Checkout(absl::Time deadline);

  const PoolOptions& options() const { return options_; }

 private:
  Pool(PoolOptions options, std::string conninfo);

  absl::StatusOr<std::unique_ptr<Session>> Connect(absl::Time deadline) const;
  std::unique_ptr<Session> TakeIdle() ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends a lease. A null `session` means that there is nothing to reuse.
  void Return(std::unique_ptr<Session> session) ABSL_LOCKS_EXCLUDED(mutex_);

  const PoolOptions options_;
  const std::string conninfo_;

  absl::Mutex mutex_;
  std::size_t leased_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Session>> idle_
      ABSL_GUARDED_BY(mutex_);  // the most recently used one is last
};

}  // namespace lmsmail::postgres
