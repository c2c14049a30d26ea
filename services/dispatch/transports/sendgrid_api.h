#pragma once

#include <string>

#include "services/dispatch/transports/provider_api.h"

namespace lmsmail::dispatch {

// SendGrid's v3 API: POST /v3/mail/send with up to 1,000 personalizations. SendGrid builds the
// message and signs it.
//
// custom_args carries our Message-ID as "lms_message_id", which webhook events repeat: SendGrid
// has no other id that is known before a mail was accepted. SendGrid keeps it and the categories
// for years and cannot delete them, so neither has personal data. Its tracking and its own
// unsubscribe headers are off, so that ours stay.
class SendGridApi final : public ProviderApi {
 public:
  SendGridApi(std::string base_url, SenderIdentity sender)
      : base_url_(std::move(base_url)), sender_(std::move(sender)) {}

  std::string_view kind() const override { return "sendgrid"; }
  std::string_view base_url() const override { return base_url_; }
  bool builds_message() const override { return true; }
  TagStyle tag_style() const override { return {"[%lmsmail.v", "%]"}; }
  std::size_t max_mails() const override { return 1000; }
  http_client::Request SendRequest(std::span<const ProviderMail> mails,
                                   std::string_view api_key) const override;
  ProviderAnswer Interpret(const http_client::Response& response, absl::Time now) const override;
  http_client::Request TestRequest(std::string_view api_key) const override;
  absl::StatusOr<std::string> InterpretTest(const http_client::Response& response) const override;

 private:
  const std::string base_url_;
  const SenderIdentity sender_;
};

}  // namespace lmsmail::dispatch
