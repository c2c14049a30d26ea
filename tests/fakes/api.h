#pragma once

#include <cstdint>
#include <vector>

#include "libs/http_server/message.h"
#include "tests/fakes/failure_plan.h"
#include "tests/fakes/ledger.h"

namespace lmsmail::fakes {

// What a request leads to. Mail is accepted if there is any.
struct Verdict {
  http_server::Response response;
  std::vector<Mail> mails;
};

// The HTTP API of a provider: its rules and its words. Thread-safe.
class Api {
 public:
  virtual ~Api() = default;

  // Whether the request is to send mail, and can fail by plan; all others are health checks and
  // mistakes. Needs only the head of the request.
  virtual bool IsSend(const http_server::Request& request) const = 0;
  virtual int64_t max_body_bytes() const = 0;

  virtual Verdict Serve(const http_server::Request& request) = 0;

  // The answer to a request that fails as planned; called only for modes with an answer.
  virtual http_server::Response Fail(const Failure& failure,
                                     const http_server::Request& request) = 0;
};

// The error page of the proxy in front of an API.
http_server::Response ProxyError(int status);
// What a captive portal answers in place of the API.
http_server::Response CaptivePortal();

}  // namespace lmsmail::fakes
