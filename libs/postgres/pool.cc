#include "libs/postgres/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"

#include "libs/postgres/conninfo.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {
namespace {

std::string Milliseconds(absl::Duration duration) {
  return fmt::format("{}", absl::ToInt64Milliseconds(duration));
}

std::int64_t WholeSeconds(absl::Duration duration) {
  return std::max<std::int64_t>(1, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))));
}

// A peer that disappeared is noticed within a minute on an idle connection, and within 15 s when an
// acknowledgement is due.
NamedValues Parameters(const PoolOptions& options) {
  return {{"application_name", options.application_name},
          {"client_encoding", "UTF8"},
          {"keepalives_idle", "30"},
          {"keepalives_interval", "10"},
          {"keepalives_count", "3"},
          {"tcp_user_timeout", "15000"}};
}

NamedValues Settings(const PoolOptions& options) {
  NamedValues settings = {
      {"TimeZone", "UTC"},
      {"DateStyle", "ISO"},
      {"jit", "off"},  // Compiling a plan costs more than our short queries do.
      {"statement_timeout", Milliseconds(options.statement_timeout)},
      {"lock_timeout", Milliseconds(options.lock_timeout)},
      {"idle_in_transaction_session_timeout", Milliseconds(options.idle_in_transaction_timeout)}};
  if (!options.schema.empty()) settings.emplace_back("search_path", options.schema);
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pool>> Pool::Create(PoolOptions options) {
  if (options.size == 0) {
    return absl::InvalidArgumentError("the database pool's size must be at least 1");
  }
  if (!options.schema.empty() && !IsPlainIdentifier(options.schema)) {
    return absl::InvalidArgumentError(fmt::format(
        "database schema \"{}\": use lower-case letters, digits and _", options.schema));
  }
  LMSMAIL_ASSIGN_OR_RETURN(std::string conninfo,
                           MakeConninfo(options.dsn, Parameters(options), Settings(options)));
  return std::unique_ptr<Pool>(new Pool(std::move(options), std::move(conninfo)));
}

Pool::Pool(PoolOptions options, std::string conninfo)
    : options_(std::move(options)), conninfo_(std::move(conninfo)) {}

Pool::~Pool() = default;

absl::StatusOr<Pool::Lease> Pool::Checkout(absl::Time deadline) {
  const absl::Time latest = std::min(deadline, absl::Now() + options_.checkout_timeout);
  {
    absl::MutexLock lock(&mutex_);
    const auto has_room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return leased_ < options_.size;
    };
    if (!mutex_.AwaitWithDeadline(absl::Condition(&has_room), latest)) {
      return DatabaseUnavailable("all database connections are busy: try again");
    }
    ++leased_;
  }
  while (std::unique_ptr<Session> session = TakeIdle()) {
    if (session->IsAlive()) return Lease(*this, std::move(session));
  }
  absl::StatusOr<std::unique_ptr<Session>> session = Connect(deadline);
  if (!session.ok()) {
    Return(nullptr);
    return std::move(session).status();
  }
  return Lease(*this, *std::move(session));
}

absl::StatusOr<std::unique_ptr<Session>> Pool::Connect(absl::Time deadline) const {
  const absl::Duration timeout = std::min(options_.connect_timeout, deadline - absl::Now());
  // libpq lets a later keyword override an earlier one.
  LMSMAIL_ASSIGN_OR_RETURN(
      std::unique_ptr<Session> session,
      Session::Open(fmt::format("{} connect_timeout={}", conninfo_, WholeSeconds(timeout)),
                    options_.statements));
  if (options_.connected) LMSMAIL_RETURN_IF_ERROR(options_.connected(*session));
  return session;
}

std::unique_ptr<Session> Pool::TakeIdle() {
  absl::MutexLock lock(&mutex_);
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Session> session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void Pool::Return(std::unique_ptr<Session> session) {
  absl::MutexLock lock(&mutex_);
  --leased_;
  if (session != nullptr) idle_.push_back(std::move(session));
}

Pool::Lease::Lease(Pool& pool, std::unique_ptr<Session> session)
    : pool_(&pool), session_(std::move(session)) {}

Pool::Lease::Lease(Lease&& other) noexcept = default;

Pool::Lease::~Lease() {
  if (session_ == nullptr) return;  // moved from
  if (reusable_ && session_->connection().is_open()) {
    session_->MarkUsed();
  } else {
    session_.reset();
  }
  pool_->Return(std::move(session_));
}

}  // namespace lmsmail::postgres
