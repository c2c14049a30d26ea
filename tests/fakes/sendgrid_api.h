#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/api.h"
#include "tests/fakes/rate_window.h"

namespace lmsmail::fakes {

struct SendGridOptions {
  std::vector<std::string> keys = {"SG.fake"};  // API keys that may send mail
  // Keys that may not, which POST /v3/mail/send answers with 403.
  std::vector<std::string> read_only_keys = {};
  std::vector<std::string> sender_domains = {};      // verified ones; empty for any
  std::vector<std::string> refused_recipients = {};  // addresses that are always refused
  std::string id_argument = "lms_message_id";        // the custom argument with our id of a mail
  Detail detail = Detail::kLedger;
  std::int32_t rate = 10'000;  // requests to send mail a second
};

// SendGrid's v3 Mail Send API: POST /v3/mail/send and GET /v3/scopes.
class SendGridApi final : public Api {
 public:
  explicit SendGridApi(SendGridOptions options);

  bool IsSend(const http_server::Request& request) const override;
  int64_t max_body_bytes() const override { return int64_t{30} << 20; }
  Verdict Serve(const http_server::Request& request) override;
  http_server::Response Fail(const Failure& failure, const http_server::Request& request) override;

 private:
  Verdict Send(const http_server::Request& request);
  http_server::Response Scopes(const http_server::Request& request) const;
  // The key that the request has; empty if it is none of ours.
  std::string KeyOf(const http_server::Request& request) const;
  // The first personalization to a refused recipient.
  std::optional<std::size_t> RefusedRecipient(const nlohmann::json& mail) const;
  bool MaySendFrom(const nlohmann::json& mail) const;

  const SendGridOptions options_;
  RateWindow rate_;
};

}  // namespace lmsmail::fakes
