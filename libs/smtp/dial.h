#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lmsmail::smtp {

struct DialOptions {
  absl::Duration timeout = absl::Seconds(30);              // of each attempt
  absl::Duration attempt_delay = absl::Milliseconds(250);  // RFC 8305 section 8
};

// The order of attempts: without duplicates, IPv6 and IPv4 in turn, beginning with the family of
// the first (RFC 8305 section 4).
std::vector<boost::asio::ip::tcp::endpoint> InAttemptOrder(
    std::vector<boost::asio::ip::tcp::endpoint> addresses);

// Connects to whichever address of a server answers first (RFC 8305, "Happy Eyeballs"). The next
// attempt starts when one has failed or after `attempt_delay`, while the earlier ones go on, so
// that a dead address costs the live ones no more than that. Confined to the io thread; one Dial at
// a time.
class Dialer {
 public:
  explicit Dialer(boost::asio::io_context& io);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // Sets `socket` to the connection. `addresses` must not be empty. An error names the cause of
  // each address: DEADLINE_EXCEEDED when none answered, otherwise UNAVAILABLE, CANCELLED after
  // Cancel.
  boost::asio::awaitable<absl::Status> Dial(std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                            DialOptions options,
                                            boost::asio::ip::tcp::socket& socket);
  // Ends a Dial that is on its way.
  void Cancel();

 private:
  class Attempts;

  boost::asio::io_context& io_;
  std::shared_ptr<Attempts> attempts_;  // of the Dial that is on its way; null: none
};

}  // namespace lmsmail::smtp
