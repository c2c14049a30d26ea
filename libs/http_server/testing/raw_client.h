#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libs/http_server/headers.h"

namespace lmsmail::http_server::testing {

struct RawResponse {
  int status = 0;  // 0: the connection ended before a complete response
  Headers headers;
  std::string body;
};

// A connection to 127.0.0.1 that sends octets as they are. Blocking; a response that does not come
// within 20 seconds counts as the end of the connection.
class RawClient {
 public:
  explicit RawClient(uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server has closed the connection.
  bool Send(std::string_view octets);
  // Tells the server that nothing more will be sent.
  void FinishSending();

  // The next response, with a body by its Content-Length. `head` is for the answer to HEAD.
  RawResponse Receive(bool head = false);
  RawResponse Exchange(std::string_view octets) {
    Send(octets);
    return Receive();
  }

  // What the server sends until it closes the connection.
  std::string ReceiveAll();
  // Whether the server closes the connection without sending more.
  bool IsClosed() { return ReceiveAll().empty() && ended_; }

 private:
  // Appends to received_. False at the end of the connection.
  bool Fill();

  int socket_ = -1;
  std::string received_;
  bool ended_ = false;
};

// "POST <path> HTTP/1.1" with a Host, these fields and this body with its length.
std::string PostRequest(std::string_view path, const Headers& headers, std::string_view body);

}  // namespace lmsmail::http_server::testing
