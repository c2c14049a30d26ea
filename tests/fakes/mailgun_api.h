#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/api.h"
#include "tests/fakes/rate_window.h"

namespace lmsmail::fakes {

struct MailgunOptions {
  std::vector<std::string> keys = {"key-fake"};
  std::vector<std::string> domains = {"mg.school.test"};  // of this region
  std::vector<std::string> refused_recipients = {};       // addresses that are always refused
  std::string id_variable = "lms_message_id";             // the v: with our id of a mail
  Detail detail = Detail::kLedger;
  std::int32_t rate = 10'000;  // requests to send mail a second
};

// Mailgun's API: POST /v3/<domain>/messages and messages.mime, GET /v3/domains/<domain> and /v4.
// Every other path is answered with 200 and a greeting, as by the real one.
class MailgunApi final : public Api {
 public:
  explicit MailgunApi(MailgunOptions options);

  bool IsSend(const http_server::Request& request) const override;
  // 52.4 MiB.
  int64_t max_body_bytes() const override { return (int64_t{524} << 20) / 10; }
  Verdict Serve(const http_server::Request& request) override;
  http_server::Response Fail(const Failure& failure, const http_server::Request& request) override;

 private:
  struct Path {
    enum class Kind { kMessages, kMime, kDomain, kOther } kind;
    std::string_view domain;
  };
  static Path Parse(std::string_view path);

  Verdict Send(const http_server::Request& request, const Path& path);
  bool HasKey(const http_server::Request& request) const;
  bool HasDomain(std::string_view domain) const;

  const MailgunOptions options_;
  RateWindow rate_;
};

}  // namespace lmsmail::fakes
