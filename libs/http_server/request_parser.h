#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/http_server/message.h"

namespace lmsmail::http_server {

// Parses one request with Beast, and refuses what Beast accepts but others may read differently:
// repeated or listed Content-Length, any Transfer-Encoding but a single "chunked", Host missing or
// repeated, targets that ParseTarget refuses.
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  RequestParser();

  // `head` is a whole header that a HeadScanner has found. Returns the status to refuse the request
  // with, or 0.
  int PutHead(std::string_view head);

  // Call once, between the header and the body. Returns 413 if the header announces more, or 0.
  int SetBodyLimit(int64_t octets);

  // Takes a part of the body from the front of `input`, and adds its size to `consumed`. Returns as
  // PutHead; done() tells whether more is needed.
  int PutBody(std::string_view input, size_t& consumed);

  bool done() const { return is_done(); }
  // Whether the client may send another request afterwards. HTTP/1.0 never does.
  bool persistent() const { return version_ == 11 && keep_alive(); }
  bool expects_continue() const { return expects_continue_; }

  // Complete except for the client's address once done().
  Request& request() { return request_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(View part, ErrorCode& error) override;
  void on_chunk_header_impl(uint64_t size, View extensions, ErrorCode& error) override;
  size_t on_chunk_body_impl(uint64_t remaining, View part, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  bool HasSoundFraming() const;
  void Refuse(int status, ErrorCode& error);

  Request request_;
  int version_ = 0;
  int status_ = 0;
  int64_t body_limit_octets_ = 0;
  uint64_t chunk_octets_left_ = 0;  // of the current chunk
  bool in_head_ = true;
  bool expects_continue_ = false;
};

}  // namespace lmsmail::http_server
