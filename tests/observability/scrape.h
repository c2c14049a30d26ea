#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <iterator>
#include <string>

namespace lmsmail::observability {

// The metrics at "host:port", in the text exposition format.
inline std::string Scrape(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  boost::asio::ip::tcp::iostream stream(target.substr(0, colon), target.substr(colon + 1));
  stream << "GET /metrics HTTP/1.0\r\n\r\n" << std::flush;
  const std::string answer(std::istreambuf_iterator<char>(stream), {});
  const std::size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

}  // namespace lmsmail::observability
