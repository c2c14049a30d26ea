#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/http_client/client.h"
#include "services/dispatch/transports/shared_content.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// A mail on its way to a provider.
struct ProviderMail {
  OutgoingMail mail;  // with parts, whose text, HTML and values may be empty
  SharedContent content;
};

// See InlineCommonValues.
inline RequestContent ContentOf(std::span<const ProviderMail> mails, TagStyle style) {
  std::vector<const SharedContent*> contents;
  for (const ProviderMail& mail : mails) contents.push_back(&mail.content);
  return InlineCommonValues(contents, style);
}

// What a provider's response to a request with mails means.
struct ProviderAnswer {
  DeliveryResult result;
  // The mail, by its index in the request, whose recipient or form the provider refuses the
  // request for.
  std::optional<std::size_t> culprit = std::nullopt;
};

// The HTTP API of one provider: the requests and the meaning of the responses. Pure functions of
// their arguments and therefore thread-safe.
class ProviderApi {
 public:
  virtual ~ProviderApi() = default;

  virtual std::string_view kind() const = 0;      // "sendgrid"
  virtual std::string_view base_url() const = 0;  // "https://api.sendgrid.com"
  virtual TagStyle tag_style() const = 0;
  // Whether the provider builds the message, so that `mail.message` needs the header alone.
  virtual bool builds_message() const { return false; }
  // Whether mail to this address may share a request.
  virtual bool MayShare(std::string_view /*recipient*/) const { return true; }
  // In one request. They have the same sender, category and shared content, and no two have the
  // same recipient.
  virtual std::size_t max_mails() const = 0;
  virtual http_client::Request SendRequest(std::span<const ProviderMail> mails,
                                           std::string_view api_key) const = 0;
  virtual ProviderAnswer Interpret(const http_client::Response& response, absl::Time now) const = 0;

  // Shows whether the API key may send mail, and sends none.
  virtual http_client::Request TestRequest(std::string_view api_key) const = 0;
  // A description of what was found.
  virtual absl::StatusOr<std::string> InterpretTest(
      const http_client::Response& response) const = 0;
};

}  // namespace lmsmail::dispatch
