#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "libs/http_server/responder.h"
#include "libs/rpc/executor.h"
#include "services/gateway/connect/method.h"
#include "services/gateway/connect/upstream.h"

namespace lmsmail::gateway {

// Answers calls of the Connect protocol: unary ones as JSON or binary, and streams of requests as
// newline-delimited JSON. Thread-safe. Must outlive the calls of `upstream` and the tasks of the
// executors.
//
// A stream is read as a whole before its first message is sent on, so that one which was cut, or
// has a line that is no message, has no effect at all. A call goes on when its client disconnects,
// until its deadline.
class ConnectHandlers {
 public:
  struct Options {
    // Of one service at a time, so that a slow one does not keep others from being called; more are
    // refused with UNAVAILABLE.
    std::int64_t max_calls = 256;
    // The longest that a call may take; Connect-Timeout-Ms can shorten it.
    absl::Duration timeout = absl::Seconds(30);
    absl::Duration stream_timeout = absl::Minutes(10);
    std::size_t max_stream_bytes = 64 << 20;  // of the messages of one stream
  };

  // JSON is read and written on `executor`, and streams, which may take seconds, are read on
  // `stream_executor`.
  ConnectHandlers(const MethodCatalog& catalog, Upstream& upstream, rpc::Executor& executor,
                  rpc::Executor& stream_executor, Options options);

  const MethodCatalog& catalog() const { return catalog_; }

  // `request.path` is "/<service>/<method>".
  void Call(http_server::Request request, http_server::Responder responder);

 private:
  struct Exchange;
  using ExchangePtr = std::shared_ptr<Exchange>;

  // Reads all but the body. Returns the answer to a request that is refused.
  std::optional<http_server::Response> Begin(const http_server::Request& request,
                                             Exchange& exchange);
  void SendOn(const ExchangePtr& exchange, std::string body);
  void Answer(const ExchangePtr& exchange, CallResult result);

  const MethodCatalog& catalog_;
  Upstream& upstream_;
  rpc::Executor& executor_;
  rpc::Executor& stream_executor_;
  const Options options_;
  std::map<std::string, std::atomic<std::int64_t>, std::less<>> calls_;  // by service
};

}  // namespace lmsmail::gateway
