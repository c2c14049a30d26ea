#include "libs/http_server/message.h"

#include <boost/beast/core/error.hpp>  // without it, status.hpp lacks <ostream>
#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace lmsmail::http_server {
namespace {

Response WithType(int status, std::string body, std::string_view type) {
  return {
      .status = status, .headers = {{"Content-Type", std::string(type)}}, .body = std::move(body)};
}

}  // namespace

std::string_view Request::Parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? std::string_view() : found->second;
}

Response Response::Text(int status, std::string body) {
  return WithType(status, std::move(body), "text/plain; charset=utf-8");
}

Response Response::Html(int status, std::string body) {
  return WithType(status, std::move(body), "text/html; charset=utf-8");
}

Response Response::Json(int status, std::string body) {
  return WithType(status, std::move(body), "application/json");
}

std::string_view ReasonPhrase(int status) {
  namespace http = boost::beast::http;
  const http::status known = http::int_to_status(static_cast<unsigned>(status));
  if (known == http::status::unknown) return {};
  const auto reason = http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

}  // namespace lmsmail::http_server
