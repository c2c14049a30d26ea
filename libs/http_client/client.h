#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::http_client {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "POST";
  std::string url;  // http or https
  Headers headers = {};
  std::string body = {};
  absl::Duration timeout = absl::Minutes(1);  // from Send() to the end of the response
};

struct Response {
  int status = 0;
  Headers headers = {};
  std::string body = {};

  // The first field of this name, which is compared without regard to case.
  std::optional<std::string_view> Header(std::string_view name) const;
};

struct Result {
  enum class Kind {
    kAnswered,    // `response` is complete
    kNotSent,     // the server has not received the whole request
    kUnanswered,  // the server may have received the whole request, and may have acted on it
    kCancelled,   // shutdown, and the server has not received the whole request
  };
  // Why there was no working connection.
  enum class Fault { kNameNotFound, kNotConnected, kTimedOut, kCertificate, kTls, kOther };

  Kind kind = Kind::kAnswered;
  Response response = {};       // of kAnswered
  Fault fault = Fault::kOther;  // of the other kinds
  std::string error = {};       // of the other kinds: what went wrong, without the URL
};

struct Options {
  // Requests beyond this wait for a connection. HTTP/2 multiplexes them over fewer.
  int max_connections = 8;
  absl::Duration connect_timeout = absl::Seconds(10);  // name resolution, TCP and TLS together
  std::size_t max_response_bytes = 64 << 10;           // a longer body is kUnanswered
  std::string ca_file = {};  // PEM file of the authorities to trust; empty: the system's
  int thread_nice = 0;       // added to the nice value of its thread
};

// An HTTP client on libcurl's multi interface: HTTP/2 where the server offers it over TLS,
// connections are kept and reused. It follows no redirects, uses no proxy and reads nothing from
// the environment.
//
// A request is transmitted at most once. libcurl repeats a request when a kept connection ends
// without an answer, although the server may have acted on it, so the body is given to it in a way
// that can't be repeated. Thread-safe.
class Client {
 public:
  using Done = absl::AnyInvocable<void(Result)>;

  static absl::StatusOr<std::unique_ptr<Client>> Create(const Options& options);
  // Shuts down without grace.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls `done` exactly once, on the client's thread, or before it returns after a shutdown.
  // `done` must not block.
  void Send(Request request, Done done);

  // Waits up to `grace` for the requests in flight and ends the others. Every `done` has been
  // called when it returns. Idempotent.
  void Shutdown(absl::Duration grace);

 private:
  class Loop;
  explicit Client(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace lmsmail::http_client
