#pragma once

#include <string>

#include "services/dispatch/transports/provider_api.h"

namespace lmsmail::dispatch {

// Mailgun's v3 API. A single mail goes to /messages.mime with the bytes that we built; Mailgun adds
// its DKIM signature. Mails that share their content go to /messages together, with recipient
// variables: without them, every recipient would see the addresses of the others.
//
// The variable "lms_message_id" carries our Message-ID, which webhook events repeat.
class MailgunApi final : public ProviderApi {
 public:
  // `domain` is the sending domain at Mailgun.
  MailgunApi(std::string base_url, std::string domain)
      : base_url_(std::move(base_url)), domain_(std::move(domain)) {}

  std::string_view kind() const override { return "mailgun"; }
  std::string_view base_url() const override { return base_url_; }
  TagStyle tag_style() const override { return {"%recipient.v", "%"}; }
  std::size_t max_mails() const override { return 1000; }
  http_client::Request SendRequest(std::span<const ProviderMail> mails,
                                   std::string_view api_key) const override;
  ProviderAnswer Interpret(const http_client::Response& response, absl::Time now) const override;
  // Without any parameter, so that nothing can be sent. Mailgun checks the key and the domain
  // first. Keys that may only send mail can use no other method.
  http_client::Request TestRequest(std::string_view api_key) const override;
  absl::StatusOr<std::string> InterpretTest(const http_client::Response& response) const override;

 private:
  http_client::Request Post(std::string_view method, std::string_view api_key) const;

  const std::string base_url_;
  const std::string domain_;
};

}  // namespace lmsmail::dispatch
