#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lmsmail::http_client::testing {

// What the server does with one request of one connection.
struct Answer {
  enum class Read {
    kRequest,  // the whole request
    kHead,     // the header section, and not the body
    kNothing,
  };
  Read read = Read::kRequest;
  std::string bytes = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";  // sent as they are
  bool close = false;                                                        // afterwards
  bool hang = false;  // answers nothing until the client closes the connection
};

// An HTTP server on 127.0.0.1 that gives its answers in order, whatever connections they come on.
// Has its own thread and serves one connection at a time.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Answer> answers);
  ~ScriptedServer();

  std::uint16_t port() const;
  std::string url() const;
  // The requests that were read so far, as they were sent.
  std::vector<std::string> requests() const;
  int connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::http_client::testing
