#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "libs/http_server/message.h"

namespace lmsmail::http_server {

// Where a response goes; implemented by the server. Both functions may be called on any thread.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void Send(Response response) = 0;
  virtual void Cut() = 0;
  virtual void SetRoute(std::string_view pattern) = 0;
};

// Answers one request: Send() or Cut(), once, on any thread, now or later. A responder that is
// dropped answers with 500. To capture it in a std::function, hold it in a std::shared_ptr.
class Responder {
 public:
  explicit Responder(std::shared_ptr<ResponseSink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder();

  bool pending() const { return sink_ != nullptr; }

  // Does nothing if the client is gone or the handler's time is over.
  void Send(Response response);
  // Closes the connection without an answer.
  void Cut();

  // Names the route in the access record. Must be called before the answer; a Router does.
  void SetRoute(std::string_view pattern);

 private:
  std::shared_ptr<ResponseSink> sink_;
};

// Called on an io thread, so it must not block: what takes time answers from another thread.
// Exceptions are answered with 500.
using Handler = std::function<void(Request, Responder)>;

}  // namespace lmsmail::http_server
