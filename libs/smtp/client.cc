#include "libs/smtp/client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/call_once.h"

#include "libs/smtp/connection.h"
#include "libs/smtp/handshake.h"
#include "libs/smtp/outcome.h"
#include "libs/smtp/pool.h"
#include "libs/smtp/tls.h"
#include "libs/smtp/transaction.h"
#include "libs/status/status_macros.h"

namespace lmsmail::smtp {
namespace {

namespace asio = boost::asio;
using TlsContext = std::unique_ptr<asio::ssl::context>;

// An eighth of the shortest timeout, so that no deadline is missed by more than that.
std::chrono::milliseconds DeadlineTimerTick(const Options& options) {
  const Timeouts& t = options.timeouts;
  const absl::Duration shortest = std::min(
      {t.connect, t.greeting, t.envelope, t.data, t.data_block, t.final_dot, options.idle_timeout});
  return std::clamp(absl::ToChronoMilliseconds(shortest / 8), std::chrono::milliseconds(5),
                    std::chrono::milliseconds(1000));
}

// The referenced objects must outlive the coroutine.
Awaitable<absl::StatusOr<ServerReport>> Probe(asio::io_context& io, DeadlineTimer& deadline_timer,
                                              const Options& options, asio::ssl::context* tls) {
  Connection connection(io, deadline_timer);
  absl::StatusOr<HandshakeResult> handshake = co_await PerformHandshake(connection, options, tls);
  if (!handshake.ok()) co_return handshake.status();
  absl::Status status =
      co_await SendCommand(connection, "NOOP", Command::kNoop, options.timeouts.greeting);
  if (!status.ok()) co_return status;
  if (!connection.reply().positive()) co_return ReplyError(Command::kNoop, connection.reply());
  status = co_await SendCommand(connection, "QUIT", Command::kQuit, options.timeouts.greeting);

  ServerReport report;
  report.greeting = std::move(handshake->greeting);
  report.capabilities = std::move(handshake->capabilities.lines);
  report.tls = connection.DescribeTls();
  report.auth_mechanism = std::move(handshake->auth_mechanism);
  co_return report;
}

}  // namespace

class Client::Impl {
 public:
  Impl(Options options, TlsContext tls, PhaseObserver observer, ConnectionObserver connections)
      : options_(std::move(options)),
        tls_(std::move(tls)),
        deadline_timer_(io_, DeadlineTimerTick(options_)),
        pool_(io_, deadline_timer_, options_, tls_.get(), std::move(observer),
              std::move(connections)),
        work_(asio::make_work_guard(io_)),
        thread_([this] { Run(); }) {}

  // Throws only on memory or thread exhaustion, and then the program may as well end.
  ~Impl() { Shutdown(absl::ZeroDuration()); }  // NOLINT(bugprone-exception-escape)

  Pool& pool() { return pool_; }
  const Pool& pool() const { return pool_; }

  void Shutdown(absl::Duration grace) {
    absl::call_once(shutdown_, [this, grace] {
      {
        absl::MutexLock lock(&check_mutex_);
        pool_.StopAccepting();
      }
      pool_.WaitUntilIdle(grace);
      asio::post(io_, [this] {
        deadline_timer_.AbortAll(absl::CancelledError("the client is shutting down"));
        work_.reset();
      });
      thread_.join();
    });
  }

  absl::StatusOr<ServerReport> Check(absl::Duration timeout) {
    // The connection may outlive the wait, but no step of it takes longer than `timeout` either.
    struct Pending {
      Options options;
      std::promise<absl::StatusOr<ServerReport>> promise;
    };
    auto pending = std::make_shared<Pending>(options_);
    Timeouts& timeouts = pending->options.timeouts;
    timeouts.connect = std::min(timeouts.connect, timeout);
    timeouts.greeting = std::min(timeouts.greeting, timeout);
    std::future<absl::StatusOr<ServerReport>> future = pending->promise.get_future();
    {
      absl::MutexLock lock(&check_mutex_);
      if (!pool_.accepting()) return absl::UnavailableError("the client is shut down");
      asio::co_spawn(io_, Probe(io_, deadline_timer_, pending->options, tls_.get()),
                     [pending](std::exception_ptr, absl::StatusOr<ServerReport> report) {
                       pending->promise.set_value(std::move(report));
                     });
    }
    if (timeout != absl::InfiniteDuration() &&
        future.wait_for(absl::ToChronoNanoseconds(timeout)) == std::future_status::timeout) {
      return absl::DeadlineExceededError(
          fmt::format("the server {}:{} did not answer in time", options_.host, options_.port));
    }
    return future.get();
  }

 private:
  void Run() {
    pthread_setname_np(pthread_self(), "smtp");
    // Affects this thread only on Linux (setpriority(2), NOTES).
    if (options_.thread_nice != 0) {
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.thread_nice);
    }
    io_.run();
  }

  const Options options_;
  const TlsContext tls_;
  asio::io_context io_{1};
  DeadlineTimer deadline_timer_;
  Pool pool_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  absl::once_flag shutdown_;
  absl::Mutex check_mutex_;  // no check starts once the shutdown has begun
  std::thread thread_;       // last: it uses the others
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options, PhaseObserver observer,
                                                       ConnectionObserver connections) {
  LMSMAIL_RETURN_IF_ERROR(options.Validate());
  TlsContext tls;
  if (options.tls.mode != TlsMode::kNone) {
    LMSMAIL_ASSIGN_OR_RETURN(tls, MakeTlsContext(options.tls));
  }
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(
      std::move(options), std::move(tls), std::move(observer), std::move(connections))));
}

bool Client::TrySend(Mail&& mail, Done&& done) {
  auto transaction = std::make_unique<Transaction>(std::move(mail), std::move(done));
  std::optional<Result> rejection = transaction->Prepare();
  const bool accepted = rejection.has_value()
                            ? impl_->pool().EnqueueRejected(transaction, *std::move(rejection))
                            : impl_->pool().Enqueue(transaction);
  if (!accepted) transaction->Return(mail, done);
  return accepted;
}

void Client::SetMaxConnections(size_t connections) { impl_->pool().SetMaxConnections(connections); }
bool Client::WaitUntilIdle(absl::Duration timeout) const {
  return impl_->pool().WaitUntilIdle(timeout);
}
void Client::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }
absl::StatusOr<ServerReport> Client::Check(absl::Duration timeout) { return impl_->Check(timeout); }

}  // namespace lmsmail::smtp
