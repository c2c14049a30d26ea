#include "tests/bench/sink/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/status/status_macros.h"
#include "tests/bench/sink/control.h"
#include "tests/bench/sink/fault_plan.h"
#include "tests/bench/sink/ledger.h"
#include "tests/bench/sink/listener.h"
#include "tests/bench/sink/session.h"
#include "tests/bench/sink/statistics.h"

namespace lmsmail::sink {

class Server::Impl {
 public:
  Impl(Listener smtp, Listener control, FaultPlan faults, std::unique_ptr<Ledger> ledger)
      : smtp_(std::move(smtp)),
        control_(std::move(control)),
        faults_(std::move(faults)),
        ledger_(std::move(ledger)),
        statistics_(ledger_.get()) {
    Watch(EPOLL_CTL_ADD, smtp_.socket.get(), EPOLLIN);
    Watch(EPOLL_CTL_ADD, control_.socket.get(), EPOLLIN);
    Watch(EPOLL_CTL_ADD, stop_.get(), EPOLLIN);
  }

  void Run() {
    std::array<epoll_event, 256> events;
    while (!stopping_) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), WaitMillis());
      for (int i = 0; i < ready; ++i) Handle(events[static_cast<std::size_t>(i)]);
      ResumeDelayed(absl::Now());
    }
  }

  void Stop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
  }

  std::uint16_t port() const { return smtp_.port; }
  std::uint16_t control_port() const { return control_.port; }
  std::string Report() { return ToJson(statistics_.counters()); }

 private:
  // A connection to the SMTP port or, if it has no session, to the control port.
  struct Connection {
    Descriptor socket;
    std::unique_ptr<Session> session;
    std::string commands;  // control port: an incomplete line
    std::string replies;   // control port
    absl::Time resume_time = absl::InfiniteFuture();
    bool reads_paused = false;

    std::string& output() { return session ? session->output() : replies; }
    bool closing() const { return session && session->closing(); }
  };

  void Watch(int operation, int number, std::uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.fd = number;
    ::epoll_ctl(epoll_.get(), operation, number, &event);
  }

  void Handle(const epoll_event& event) {
    const int number = event.data.fd;
    if (number == stop_.get()) {
      stopping_ = true;
    } else if (number == smtp_.socket.get() || number == control_.socket.get()) {
      Accept(number);
    } else if (const auto found = connections_.find(number); found != connections_.end()) {
      Serve(number, *found->second, event.events);
    }
  }

  void Accept(int listener) {
    while (true) {
      const int number = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (number < 0) return;
      const int on = 1;
      ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto connection = std::make_unique<Connection>();
      connection->socket = Descriptor(number);
      if (listener == smtp_.socket.get()) {
        connection->session = std::make_unique<Session>(statistics_, faults_);
      }
      Connection& kept = *connection;
      connections_[number] = std::move(connection);
      Watch(EPOLL_CTL_ADD, number, EPOLLIN);
      Send(number, kept);
    }
  }

  void Serve(int number, Connection& connection, std::uint32_t events) {
    if ((events & EPOLLIN) != 0) {
      const ssize_t size = ::recv(number, buffer_.data(), buffer_.size(), 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (size <= 0) return Close(number);
      Feed(connection, {buffer_.data(), static_cast<std::size_t>(size)});
    } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      return Close(number);
    }
    if (connection.session && connection.session->delay()) return Delay(number, connection);
    Send(number, connection);
  }

  void Feed(Connection& connection, std::string_view bytes) {
    if (connection.session) return connection.session->Feed(bytes);
    connection.commands.append(bytes);
    for (std::size_t end; (end = connection.commands.find('\n')) != std::string::npos;) {
      connection.replies +=
          RunCommand(connection.commands.substr(0, end), statistics_, faults_) + "\n";
      connection.commands.erase(0, end + 1);
    }
  }

  void Send(int number, Connection& connection) {
    std::string& output = connection.output();
    statistics_.Flush();
    while (!output.empty()) {
      const ssize_t sent = ::send(number, output.data(), output.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) {
        // Nothing more is read until the client has read its replies.
        connection.reads_paused = true;
        return Watch(EPOLL_CTL_MOD, number, EPOLLOUT);
      }
      if (sent <= 0) return Close(number);
      output.erase(0, static_cast<std::size_t>(sent));
    }
    if (connection.closing()) return Close(number);
    if (std::exchange(connection.reads_paused, false)) Watch(EPOLL_CTL_MOD, number, EPOLLIN);
  }

  void Delay(int number, Connection& connection) {
    Watch(EPOLL_CTL_MOD, number, 0);
    connection.reads_paused = true;
    connection.resume_time = absl::Now() + *connection.session->delay();
    delayed_.emplace(connection.resume_time, number);
  }

  void ResumeDelayed(absl::Time now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      const auto [time, number] = *delayed_.begin();
      delayed_.erase(delayed_.begin());
      const auto found = connections_.find(number);
      // The descriptor may have been reused by another connection.
      if (found == connections_.end() || found->second->resume_time != time) continue;
      Connection& connection = *found->second;
      connection.session->Resume();
      if (connection.session->delay()) {
        Delay(number, connection);
        continue;
      }
      Send(number, connection);
    }
  }

  int WaitMillis() const {
    if (delayed_.empty()) return -1;
    const absl::Duration left = delayed_.begin()->first - absl::Now();
    return static_cast<int>(std::clamp<std::int64_t>(
        absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 0, 60'000));
  }

  void Close(int number) { connections_.erase(number); }

  Descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  Descriptor stop_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  const Listener smtp_;
  const Listener control_;
  FaultPlan faults_;
  const std::unique_ptr<Ledger> ledger_;
  Statistics statistics_;
  bool stopping_ = false;
  absl::flat_hash_map<int, std::unique_ptr<Connection>> connections_;
  std::multimap<absl::Time, int> delayed_;
  std::array<char, 256 * 1024> buffer_;
};

void ServerOptions::Declare(config::Schema& schema) {
  schema.Address("listen", &listen, "Where SMTP is served; port 0 takes a free one.");
  schema.Address("control", &control, "Where the control port listens; see control.h.");
  schema.StringList("faults", &faults,
                    "Rules such as \"450 every=10 domain=slow.test\"; see fault_plan.h.");
  schema.String("ledger", &ledger, "File that lists the accepted mails.");
  schema.String("ledger_domain", &ledger_domain, "List only mail to this domain.");
}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const ServerOptions& options) {
  FaultPlan faults;
  for (const std::string& rule : options.faults) LMSMAIL_RETURN_IF_ERROR(faults.Add(rule));
  std::unique_ptr<Ledger> ledger;
  if (!options.ledger.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(ledger, Ledger::Open(options.ledger, options.ledger_domain));
  }
  LMSMAIL_ASSIGN_OR_RETURN(Listener smtp, Listen(options.listen));
  LMSMAIL_ASSIGN_OR_RETURN(Listener control, Listen(options.control));
  return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(
      std::move(smtp), std::move(control), std::move(faults), std::move(ledger))));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }
std::uint16_t Server::control_port() const { return impl_->control_port(); }
void Server::Run() { impl_->Run(); }
void Server::Stop() { impl_->Stop(); }
std::string Server::Report() const { return impl_->Report(); }

}  // namespace lmsmail::sink
