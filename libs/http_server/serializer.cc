#include "libs/http_server/serializer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

bool IsToken(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool IsFieldValue(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool IsSafe(const Response& response) {
  return response.status >= 200 && response.status <= 599 &&
         std::ranges::all_of(response.headers, [](const Header& field) {
           return IsToken(field.name) && IsFieldValue(field.value);
         });
}

bool BelongsToServer(std::string_view name) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"Connection", "Content-Length", "Transfer-Encoding"},
      [name](std::string_view own) { return absl::EqualsIgnoreCase(ToAbsl(own), ToAbsl(name)); });
}

}  // namespace

bool MayHaveBody(int status) { return status != 204 && status != 304; }

std::string SerializeHead(Response& response, bool close, const Headers& defaults) {
  if (!IsSafe(response)) response = Response::Text(500, "Internal Server Error\n");
  std::string head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, ReasonPhrase(response.status));
  for (const Header& field : defaults) {
    if (!response.headers.Has(field.name)) response.headers.Add(field.name, field.value);
  }
  for (const Header& field : response.headers) {
    if (BelongsToServer(field.name)) continue;
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (MayHaveBody(response.status)) {
    fmt::format_to(out, "Content-Length: {}\r\n", response.body.size());
  }
  head += close ? "Connection: close\r\n\r\n" : "\r\n";
  return head;
}

}  // namespace lmsmail::http_server
