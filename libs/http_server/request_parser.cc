#include "libs/http_server/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/http_server/target.h"
#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

namespace http = boost::beast::http;

std::string ToString(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool IsHost(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

}  // namespace

RequestParser::RequestParser() {
  // The connection limits the header, and SetBodyLimit() the body.
  header_limit(std::numeric_limits<std::int32_t>::max());
  body_limit(boost::none);
}

int RequestParser::PutHead(std::string_view head) {
  ErrorCode error;
  put(boost::asio::buffer(head.data(), head.size()), error);
  in_head_ = false;
  if (status_ != 0) return status_;
  return error || !is_header_done() ? 400 : 0;
}

int RequestParser::SetBodyLimit(int64_t octets) {
  body_limit_octets_ = octets;
  const auto announced = content_length();
  return announced && *announced > static_cast<uint64_t>(octets) ? 413 : 0;
}

int RequestParser::PutBody(std::string_view input, size_t& consumed) {
  // What ends a chunked body has this many octets at least. With fewer, an assertion of Beast
  // fails.
  constexpr size_t kLastChunk = std::string_view("0\r\n\r\n").size();
  while (!is_done() && !input.empty()) {
    if (chunked() && chunk_octets_left_ == 0 && input.size() < kLastChunk) return 0;
    ErrorCode error;
    const size_t taken = put(boost::asio::buffer(input.data(), input.size()), error);
    consumed += taken;
    input.remove_prefix(taken);
    if (status_ != 0) return status_;
    if (error == http::error::need_more) return 0;
    if (error) return 400;
  }
  return 0;
}

void RequestParser::Refuse(int status, ErrorCode& error) {
  status_ = status;
  error = http::error::bad_value;  // only ends the parsing
}

void RequestParser::on_request_impl(http::verb, View method, View target, int version,
                                    ErrorCode& error) {
  request_.method = ToString(method);
  request_.target = ToString(target);
  version_ = version;
  auto parsed = ParseTarget(request_.target);
  if (!parsed) return Refuse(400, error);
  request_.path = std::move(parsed->path);
  request_.query = std::move(parsed->query);
}

void RequestParser::on_field_impl(http::field, View name, View value, ErrorCode&) {
  if (in_head_) request_.headers.Add(ToString(name), ToString(value));
}

bool RequestParser::HasSoundFraming() const {
  const Headers& headers = request_.headers;
  const size_t hosts = headers.Count("Host");
  if (hosts > 1 || (version_ == 11 && hosts == 0)) return false;
  if (hosts == 1 && !IsHost(headers.Get("Host"))) return false;

  const size_t lengths = headers.Count("Content-Length");
  const size_t encodings = headers.Count("Transfer-Encoding");
  if (lengths + encodings > 1) return false;
  if (lengths == 1 && !std::ranges::all_of(headers.Get("Content-Length"), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      })) {
    return false;
  }
  return encodings == 0 ||
         (version_ == 11 &&
          absl::EqualsIgnoreCase(ToAbsl(headers.Get("Transfer-Encoding")), "chunked"));
}

void RequestParser::on_header_impl(ErrorCode& error) {
  if (!HasSoundFraming()) return Refuse(400, error);
  const size_t expectations = request_.headers.Count("Expect");
  if (expectations == 0) return;
  expects_continue_ =
      absl::EqualsIgnoreCase(ToAbsl(request_.headers.Get("Expect")), "100-continue");
  if (expectations > 1 || !expects_continue_) Refuse(417, error);
}

size_t RequestParser::on_body_impl(View part, ErrorCode&) {
  request_.body.append(part.data(), part.size());
  return part.size();
}

void RequestParser::on_chunk_header_impl(uint64_t size, View extensions, ErrorCode& error) {
  // Beast lets a quoted extension hold anything, such as a line feed that others end the line at.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; };
  if (std::ranges::any_of(extensions, is_control)) return Refuse(400, error);
  const auto room = static_cast<uint64_t>(body_limit_octets_) - request_.body.size();
  if (size > room) return Refuse(413, error);
  chunk_octets_left_ = size;
}

size_t RequestParser::on_chunk_body_impl(uint64_t, View part, ErrorCode& error) {
  chunk_octets_left_ -= part.size();
  return on_body_impl(part, error);
}

}  // namespace lmsmail::http_server
