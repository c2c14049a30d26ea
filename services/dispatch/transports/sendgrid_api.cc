#include "services/dispatch/transports/sendgrid_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"

#include "libs/strings/utf8.h"
#include "libs/strings/view.h"
#include "services/dispatch/transports/http_classification.h"
#include "services/dispatch/transports/message_headers.h"
#include "services/dispatch/transports/rate_headers.h"

namespace lmsmail::dispatch {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 300;

// SendGrid writes these itself or from other fields of the request.
constexpr auto kNotOurs = std::to_array<std::string_view>(
    {"From", "To", "Cc", "Bcc", "Subject", "Reply-To", "Date", "MIME-Version", "Content-Type",
     "Content-Transfer-Encoding", "DKIM-Signature", "Received", "X-SG-ID", "X-SG-EID"});

bool IsOurs(std::string_view name) {
  return std::ranges::none_of(kNotOurs, [name](std::string_view it) {
    return absl::EqualsIgnoreCase(ToAbsl(it), ToAbsl(name));
  });
}

Json Address(const std::string& address, const std::string& name) {
  Json json = {{"email", address}};
  if (!name.empty()) json["name"] = name;
  return json;
}

Json Address(const address::Mailbox& mailbox) {
  return Address(mailbox.address.ToString(), mailbox.display_name);
}

using Field = std::pair<std::string_view, std::string>;
using Fields = std::vector<Field>;

Fields OursOf(const ProviderMail& mail) {
  Fields fields = HeadersOf(mail.mail.message);
  std::erase_if(fields, [](const Field& field) { return !IsOurs(field.first); });
  return fields;
}

bool Has(const Fields& fields, const Field& field) {
  return std::ranges::find(fields, field) != fields.end();
}

// Removes the fields that every mail has, and returns them.
Fields TakeCommon(std::vector<Fields>& mails) {
  Fields common = mails.front();
  std::erase_if(common, [&](const Field& field) {
    return !std::ranges::all_of(mails, [&](const Fields& it) { return Has(it, field); });
  });
  for (Fields& fields : mails) {
    std::erase_if(fields, [&](const Field& field) { return Has(common, field); });
  }
  return common;
}

void AddHeaders(Fields fields, Json& json) {
  for (auto& [name, value] : fields) json["headers"][std::string(name)] = std::move(value);
}

Json Personalization(const ProviderMail& it, Fields fields, const RequestContent& content,
                     TagStyle style) {
  const MailParts& parts = *it.mail.parts;
  Json json = {{"to", Json::array({Address(it.mail.recipient, parts.recipient_name)})},
               {"subject", parts.subject}};
  const auto id = std::ranges::find_if(fields, [](const Field& field) {
    return absl::EqualsIgnoreCase(ToAbsl(field.first), "Message-ID");
  });
  if (id != fields.end()) json["custom_args"]["lms_message_id"] = id->second;
  AddHeaders(std::move(fields), json);
  for (std::size_t i = 0; i < it.content.substitutions.size(); ++i) {
    const Substitution& substitution = it.content.substitutions[i];
    if (content.is_own[i]) json["substitutions"][TagOf(substitution, style)] = substitution.value;
  }
  return json;
}

// The plain text comes first, as the API demands.
Json Content(const RequestContent& content) {
  Json json = Json::array({{{"type", "text/plain"}, {"value", content.body.text}}});
  if (!content.body.html.empty())
    json.push_back({{"type", "text/html"}, {"value", content.body.html}});
  return json;
}

http_client::Headers HeadersWith(std::string_view api_key) {
  return {{"Authorization", fmt::format("Bearer {}", api_key)}};
}

// The first error of {"errors": [{"message": ..., "field": ...}]}.
struct Error {
  std::string message;
  std::string field;
};
Error ErrorOf(const http_client::Response& response) {
  const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const auto text = [](const Json& object, const char* key) -> std::string {
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : "";
  };
  if (body.is_object() && body.contains("errors") && body["errors"].is_array()) {
    for (const Json& error : body["errors"]) {
      if (error.is_object()) return {text(error, "message"), text(error, "field")};
    }
  }
  return {fmt::format("HTTP status {} without an error of SendGrid's API", response.status), ""};
}

// "personalizations.17.to.0.email" is about mail 17.
constexpr std::string_view kPersonalization = "personalizations.";

std::optional<std::size_t> IndexIn(std::string_view field) {
  if (!field.starts_with(kPersonalization)) return std::nullopt;
  field.remove_prefix(kPersonalization.size());
  std::size_t index = 0;
  const auto [_, error] = std::from_chars(field.data(), field.data() + field.size(), index);
  return error == std::errc() ? std::optional(index) : std::nullopt;
}

HttpRefused::Subject SubjectOf(std::string_view field) {
  using Subject = HttpRefused::Subject;
  if (field.starts_with(kPersonalization)) {
    return field.find(".to") != std::string_view::npos ? Subject::kRecipient : Subject::kContent;
  }
  if (field.starts_with("from") || field.starts_with("reply_to")) return Subject::kSender;
  return field.empty() ? Subject::kUnknown : Subject::kContent;
}

}  // namespace

http_client::Request SendGridApi::SendRequest(std::span<const ProviderMail> mails,
                                              std::string_view api_key) const {
  const RequestContent content = ContentOf(mails, tag_style());
  const Json off = {{"enable", false}};
  Json body = {{"from", Address(sender_.from)},
               {"content", Content(content)},
               {"categories", Json::array({mails.front().mail.parts->category})},
               {"tracking_settings",
                {{"click_tracking", {{"enable", false}, {"enable_text", false}}},
                 {"open_tracking", off},
                 {"subscription_tracking", off}}}};
  if (sender_.reply_to) body["reply_to"] = Address(*sender_.reply_to);
  std::vector<Fields> fields;
  std::ranges::transform(mails, std::back_inserter(fields), OursOf);
  if (mails.size() > 1) AddHeaders(TakeCommon(fields), body);
  Json& personalizations = body["personalizations"] = Json::array();
  for (std::size_t i = 0; i < mails.size(); ++i) {
    personalizations.push_back(
        Personalization(mails[i], std::move(fields[i]), content, tag_style()));
  }
  http_client::Request request{.url = base_url_ + "/v3/mail/send",
                               .headers = HeadersWith(api_key),
                               .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
  request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

ProviderAnswer SendGridApi::Interpret(const http_client::Response& response, absl::Time now) const {
  ProviderAnswer answer;
  DeliveryResult& result = answer.result;
  result.reply_code = response.status;
  if (response.status == 202) {
    result.reply_text =
        fmt::format("accepted as {}", response.Header("X-Message-Id").value_or("(no id)"));
    return answer;
  }
  const Error error = ErrorOf(response);
  answer.culprit = IndexIn(error.field);
  result.kind = DeliveryResult::Kind::kRefused;
  result.reply_text = std::string(TruncateUtf8(error.message, kMaxText));
  result.refusal =
      Classify(HttpRefused{.status = response.status,
                           .subject = SubjectOf(error.field),
                           .text = error.message,
                           .retry_after = RetryTimeOf(response, now).value_or(now) - now});
  return answer;
}

http_client::Request SendGridApi::TestRequest(std::string_view api_key) const {
  return {.method = "GET", .url = base_url_ + "/v3/scopes", .headers = HeadersWith(api_key)};
}

absl::StatusOr<std::string> SendGridApi::InterpretTest(
    const http_client::Response& response) const {
  if (response.status != 200) {
    return absl::FailedPreconditionError(
        fmt::format("SendGrid answered {}: {}", response.status, ErrorOf(response).message));
  }
  const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const bool has_scopes = body.is_object() && body.contains("scopes") && body["scopes"].is_array();
  if (!has_scopes) {
    return absl::FailedPreconditionError("the answer is not SendGrid's: check base_url");
  }
  if (std::ranges::count(body["scopes"], Json("mail.send")) == 0) {
    return absl::FailedPreconditionError("the API key may not send mail: it lacks mail.send");
  }
  return fmt::format("{} accepts the API key, which may send mail", base_url_);
}

}  // namespace lmsmail::dispatch
