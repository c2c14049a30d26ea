#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http_server/headers.h"

namespace lmsmail::http_server {

// A request that is complete and well-formed. Trailer fields of a chunked body are dropped.
struct Request {
  std::string method;  // as sent, for example "GET"
  std::string target;  // as sent, for example "/u/a%40b?undo=1"; begins with "/"
  // Decoded, valid UTF-8 without control characters and backslashes. Has no empty segment, "." or
  // "..", and no "/" that was encoded. May end with "/".
  std::string path;
  std::string query;  // what follows "?", as sent; see ParseUrlEncoded
  Headers headers;
  std::string body;
  // Numeric, without a port. The peer, or what trusted proxies say in X-Forwarded-For.
  std::string client_address;
  // What a Router matched with the parameters of its pattern: {{"token", "abc"}}.
  std::vector<std::pair<std::string, std::string>> parameters;

  // Empty if there is none.
  std::string_view Parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  // The server adds Content-Length and Connection, and drops those and Transfer-Encoding here. A
  // field that could split the response (a line break in a value) turns it into a 500.
  Headers headers = {};
  std::string body = {};  // not sent in answer to HEAD, and with the statuses 204 and 304

  // With the Content-Type.
  static Response Text(int status, std::string body);
  static Response Html(int status, std::string body);
  static Response Json(int status, std::string body);
};

// "Not Found"; empty for an unknown status.
std::string_view ReasonPhrase(int status);

}  // namespace lmsmail::http_server
