#include "services/gateway/bounce_filter/submission.h"

#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/http_client/base_url.h"
#include "libs/http_client/client.h"
#include "libs/status/status_macros.h"

namespace lmsmail::bounce_filter {
namespace {

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_') {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

absl::Status ToStatus(const http_client::Result& result) {
  if (result.kind != http_client::Result::Kind::kAnswered) {
    return absl::UnavailableError("the gateway is not available: " + result.error);
  }
  switch (result.response.status) {
    case 200:
      return absl::OkStatus();
    case 404:
      return absl::UnavailableError(
          "the gateway takes no bounces: set its bounces.keys_file, and see that --gateway is its "
          "public URL");
    default:
      return absl::UnavailableError(
          fmt::format("the gateway answered with the HTTP status {}", result.response.status));
  }
}

}  // namespace

absl::StatusOr<std::string> ReadMessage(int descriptor) {
  std::string message;
  std::array<char, 64 << 10> block;
  while (true) {
    const ssize_t size = read(descriptor, block.data(), block.size());
    if (size == 0) return message;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return absl::ErrnoToStatus(errno, "standard input cannot be read");
    message.append(block.data(),
                   std::min(static_cast<std::size_t>(size), kMaxMessage - message.size()));
  }
}

absl::Status Submit(const Invocation& invocation, const std::string& message) {
  LMSMAIL_ASSIGN_OR_RETURN(const http_client::BaseUrl url,
                           http_client::ParseBaseUrl(invocation.options.gateway));
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<http_client::Client> client,
                           http_client::Client::Create({.ca_file = invocation.options.ca_file}));
  absl::Status all;
  for (const std::string& recipient : invocation.recipients) {
    std::promise<http_client::Result> answer;
    client->Send({.url = fmt::format("{}/bounces?recipient={}", url.url, PercentEncoded(recipient)),
                  .headers = {{"Content-Type", "message/rfc822"}},
                  .body = message,
                  .timeout = invocation.options.timeout},
                 [&answer](http_client::Result result) { answer.set_value(std::move(result)); });
    all.Update(ToStatus(answer.get_future().get()));
  }
  return all;
}

}  // namespace lmsmail::bounce_filter
