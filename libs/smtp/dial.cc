#include "libs/smtp/dial.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "libs/smtp/fault.h"

namespace lmsmail::smtp {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
// An error names so many addresses at most.
constexpr std::size_t kMaxNamed = 8;

std::string DescribeFailure(const ErrorCode& error) {
  switch (FaultOfError(error)) {
    case Fault::kRefused:
      return "connection refused";
    case Fault::kTimedOut:
      return "no answer";
    default:
      return error.message();
  }
}

// The fault that tells most: how far the best attempt got.
Fault MostTelling(Fault a, Fault b) {
  for (const Fault each : {Fault::kLocal, Fault::kRefused, Fault::kClosed, Fault::kTimedOut}) {
    if (a == each || b == each) return each;
  }
  return a;
}

}  // namespace

std::vector<tcp::endpoint> InAttemptOrder(std::vector<tcp::endpoint> addresses) {
  std::deque<tcp::endpoint> first;
  std::deque<tcp::endpoint> second;
  for (const tcp::endpoint& address : addresses) {
    const bool same = address.protocol() == addresses.front().protocol();
    std::deque<tcp::endpoint>& family = same ? first : second;
    if (std::ranges::find(family, address) == family.end()) family.push_back(address);
  }
  std::vector<tcp::endpoint> ordered;
  while (!first.empty() || !second.empty()) {
    for (std::deque<tcp::endpoint>* family : {&first, &second}) {
      if (family->empty()) continue;
      ordered.push_back(family->front());
      family->pop_front();
    }
  }
  return ordered;
}

// The attempts of one Dial. Their handlers share ownership, because those of abandoned attempts run
// after the Dial has returned.
class Dialer::Attempts : public std::enable_shared_from_this<Attempts> {
 public:
  Attempts(asio::io_context& io, std::vector<tcp::endpoint> addresses, DialOptions options)
      : io_(io), change_(io), addresses_(std::move(addresses)), options_(options) {}

  // Starts what is to be started now and ends what is overdue. Returns whether the Dial is over.
  bool Advance() {
    const SteadyTime now = std::chrono::steady_clock::now();
    for (Attempt& attempt : started_) {
      if (attempt.pending && attempt.deadline <= now) Fail(attempt, asio::error::timed_out);
    }
    if (connected_ || cancelled_) return true;
    if (CanStart() && now >= next_start_) Start(now);
    return !CanStart() && std::ranges::none_of(started_, &Attempt::pending);
  }

  // Until an attempt ends, Advance has something to do, or Cancel.
  asio::awaitable<void> WaitForChange() {
    SteadyTime until = CanStart() ? next_start_ : SteadyTime::max();
    for (const Attempt& attempt : started_) {
      if (attempt.pending) until = std::min(until, attempt.deadline);
    }
    change_.expires_at(until);
    co_await change_.async_wait(kToTuple);
  }

  void Cancel() {
    cancelled_ = true;
    change_.cancel();
  }

  // When the Dial is over. Closes all sockets but the one that it returns.
  absl::Status Finish(tcp::socket& socket) {
    if (connected_ && !cancelled_) socket = std::move(started_[*connected_].socket);
    for (Attempt& attempt : started_) {
      attempt.pending = false;
      ErrorCode ignored;
      attempt.socket.close(ignored);
    }
    if (cancelled_) return absl::CancelledError("connecting was cancelled");
    return connected_ ? absl::OkStatus() : AllFailed();
  }

 private:
  struct Attempt {
    tcp::socket socket;
    SteadyTime deadline;
    bool pending = true;
    ErrorCode error = {};
  };

  bool CanStart() const { return started_.size() < addresses_.size(); }

  void Start(SteadyTime now) {
    const std::size_t index = started_.size();
    Attempt& attempt = started_.emplace_back(Attempt{tcp::socket(io_), SteadyTime::max()});
    if (options_.timeout != absl::InfiniteDuration()) {
      attempt.deadline = now + absl::ToChronoNanoseconds(options_.timeout);
    }
    next_start_ = now + absl::ToChronoNanoseconds(options_.attempt_delay);
    attempt.socket.async_connect(addresses_[index],
                                 [self = shared_from_this(), index](const ErrorCode& error) {
                                   self->OnConnected(index, error);
                                 });
  }

  void OnConnected(std::size_t index, const ErrorCode& error) {
    Attempt& attempt = started_[index];
    if (!attempt.pending) return;
    if (error) {
      Fail(attempt, error);
    } else {
      attempt.pending = false;
      if (!connected_) connected_ = index;
    }
    change_.cancel();
  }

  void Fail(Attempt& attempt, const ErrorCode& error) {
    attempt.pending = false;
    attempt.error = error;
    ErrorCode ignored;
    attempt.socket.close(ignored);
    next_start_ = SteadyTime::min();
  }

  absl::Status AllFailed() const {
    std::string causes;
    Fault fault = FaultOfError(started_.front().error);
    for (std::size_t i = 0; i < started_.size(); ++i) {
      fault = MostTelling(fault, FaultOfError(started_[i].error));
      if (i >= kMaxNamed) continue;
      causes += fmt::format("{}{}: {}", i == 0 ? "" : "; ", addresses_[i].address().to_string(),
                            DescribeFailure(started_[i].error));
    }
    if (started_.size() > kMaxNamed) {
      causes += fmt::format("; and {} more addresses", started_.size() - kMaxNamed);
    }
    const absl::StatusCode code = fault == Fault::kTimedOut ? absl::StatusCode::kDeadlineExceeded
                                                            : absl::StatusCode::kUnavailable;
    return WithFault(absl::Status(code, "connecting: " + causes), fault);
  }

  asio::io_context& io_;
  asio::steady_timer change_;
  const std::vector<tcp::endpoint> addresses_;
  const DialOptions options_;
  std::deque<Attempt> started_;  // of addresses_, in the same order
  SteadyTime next_start_ = SteadyTime::min();
  std::optional<std::size_t> connected_;
  bool cancelled_ = false;
};

Dialer::Dialer(asio::io_context& io) : io_(io) {}
Dialer::~Dialer() = default;

asio::awaitable<absl::Status> Dialer::Dial(std::vector<tcp::endpoint> addresses,
                                           DialOptions options, tcp::socket& socket) {
  const auto attempts =
      std::make_shared<Attempts>(io_, InAttemptOrder(std::move(addresses)), options);
  attempts_ = attempts;
  while (!attempts->Advance()) co_await attempts->WaitForChange();
  attempts_ = nullptr;
  co_return attempts->Finish(socket);
}

void Dialer::Cancel() {
  if (attempts_ != nullptr) attempts_->Cancel();
}

}  // namespace lmsmail::smtp
