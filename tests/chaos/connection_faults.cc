#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"

// New connections to the mail server are hard to establish.
namespace lmsmail::chaos {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr absl::Duration kInterval = absl::Seconds(2);  // between two resets
// A dial goes on for a quarter of a second before it tries the second address as well.
constexpr absl::Duration kWhileDialing = absl::Milliseconds(100);

// A port of ::1 that answers no SYN, because nobody takes the one connection that may wait.
class BlackHole {
 public:
  static absl::StatusOr<std::unique_ptr<BlackHole>> Open(std::uint16_t port) {
    try {
      return std::unique_ptr<BlackHole>(new BlackHole(port));
    } catch (const std::exception& error) {
      return absl::InternalError(fmt::format("listening on ::1: {}", error.what()));
    }
  }

 private:
  explicit BlackHole(std::uint16_t port) : acceptor_(io_, tcp::v6()) {
    const tcp::endpoint address(asio::ip::address_v6::loopback(), port);
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(address);
    acceptor_.listen(0);
    waiting_.connect(address);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::socket waiting_{io_};
};

// The number of connections on this machine that wait for an answer to their SYN to a port of ::1.
int DialsOf(std::uint16_t port) {
  // proc(5): number, local address, remote address, state
  const std::string wanted = fmt::format("00000000000000000000000001000000:{:04X}", port);
  constexpr std::string_view kSynSent = "02";
  int dials = 0;
  std::ifstream file("/proc/net/tcp6");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    if (remote == wanted && state == kSynSent) ++dials;
  }
  return dials;
}

// Resets the connections. Returns the mails that are delivered within kInterval, and adds the dials
// of
// ::1 that were seen, of more, to `dials`.
absl::StatusOr<std::int64_t> MailsAfterReset(Cluster& cluster, int& dials) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t before, cluster.sink().Count());
  cluster.smtp_link().ResetConnections();
  absl::SleepFor(kWhileDialing);
  dials += DialsOf(cluster.smtp_link().port());
  absl::SleepFor(kInterval - kWhileDialing);
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t after, cluster.sink().Count());
  return after - before;
}

}  // namespace

absl::StatusOr<FaultOutcome> KillFirstAddress(Cluster& cluster, Length length) {
  int resets = 0;
  int dials_of_refused = 0;
  int dials_of_dead = 0;
  std::int64_t mails_with_refused = 0;
  std::int64_t mails_with_dead = 0;
  // In turn, so that both numbers of mails were measured under the same load of the machine.
  const auto refuse_then_die = [&]() -> absl::Status {
    resets += 2;
    cluster.RecordEvent("reset; the first address refuses connections");
    LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t with_refused,
                             MailsAfterReset(cluster, dials_of_refused));
    LMSMAIL_ASSIGN_OR_RETURN(const auto black_hole, BlackHole::Open(cluster.smtp_link().port()));
    cluster.RecordEvent("reset; the first address is dead");
    LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t with_dead, MailsAfterReset(cluster, dials_of_dead));
    mails_with_refused += with_refused;
    mails_with_dead += with_dead;
    return absl::OkStatus();
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(
      absl::ZeroDuration(), Choose(length, absl::Seconds(8), absl::Seconds(60)), refuse_then_die));
  FaultOutcome outcome{
      .max_duplicates = std::int64_t{resets} * Cluster::kReplicas * kConnectionsPerReplica,
      .note = fmt::format("{} resets, {} dials of it seen; {} mails with it, {} without", resets,
                          dials_of_dead, mails_with_dead, mails_with_refused)};
  if (dials_of_dead == 0) outcome.violations.emplace_back("nothing dialed the dead address");
  if (mails_with_dead <= mails_with_refused / 4) {
    outcome.violations.emplace_back("the dead address keeps mail from the live one");
  }
  return outcome;
}

}  // namespace lmsmail::chaos
