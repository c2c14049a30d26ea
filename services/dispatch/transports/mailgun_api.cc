#include "services/dispatch/transports/mailgun_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

#include "libs/strings/utf8.h"
#include "libs/strings/view.h"
#include "services/dispatch/transports/http_classification.h"
#include "services/dispatch/transports/message_headers.h"
#include "services/dispatch/transports/multipart_form.h"
#include "services/dispatch/transports/rate_headers.h"

namespace lmsmail::dispatch {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 300;
constexpr char kMessageIdVariable[] = "v:lms_message_id";

// Parameters of the request, or written by Mailgun.
constexpr auto kNotOurs = std::to_array<std::string_view>(
    {"From", "To", "Subject", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
     "DKIM-Signature"});

bool Is(std::string_view name, std::string_view header) {
  return absl::EqualsIgnoreCase(ToAbsl(name), ToAbsl(header));
}

bool IsOurs(std::string_view name) {
  return std::ranges::none_of(kNotOurs, [name](std::string_view it) { return Is(name, it); });
}

// Empty if there is no such field.
std::string HeaderOf(const ProviderMail& it, std::string_view header) {
  for (auto& [name, value] : HeadersOf(it.mail.message)) {
    if (Is(name, header)) return std::move(value);
  }
  return {};
}

void AddOptions(const ProviderMail& mail, MultipartForm& form) {
  form.Add("o:tag", mail.mail.parts->category);
  form.Add("o:tracking", "no");
}

void AddSingle(const ProviderMail& it, MultipartForm& form) {
  form.Add("to", it.mail.recipient);
  AddOptions(it, form);
  form.Add(kMessageIdVariable, HeaderOf(it, "Message-ID"));
  form.AddFile("message", "message.eml", it.mail.message);
}

// What one recipient has alone: subject, headers and the values in the content.
Json Variables(const ProviderMail& it, const RequestContent& content) {
  Json json = {{"subject", it.mail.parts->subject}};
  for (const auto& [name, value] : HeadersOf(it.mail.message)) {
    if (IsOurs(name)) json["h_" + std::string(name)] = value;
  }
  for (std::size_t i = 0; i < it.content.substitutions.size(); ++i) {
    const Substitution& substitution = it.content.substitutions[i];
    if (content.is_own[i]) json["v" + substitution.name] = substitution.value;
  }
  return json;
}

void AddShared(std::span<const ProviderMail> mails, TagStyle style, MultipartForm& form) {
  const RequestContent content = ContentOf(mails, style);
  Json variables = Json::object();
  for (const ProviderMail& it : mails) {
    form.Add("to", HeaderOf(it, "To"));
    variables[it.mail.recipient] = Variables(it, content);
  }
  const ProviderMail& first = mails.front();
  form.Add("from", HeaderOf(first, "From"));
  form.Add("subject", "%recipient.subject%");
  form.Add("text", content.body.text);
  if (!content.body.html.empty()) form.Add("html", content.body.html);
  AddOptions(first, form);
  form.Add(kMessageIdVariable, "%recipient.h_Message-ID%");
  for (const auto& [name, value] : HeadersOf(first.mail.message)) {
    if (IsOurs(name)) form.Add(fmt::format("h:{}", name), fmt::format("%recipient.h_{}%", name));
  }
  form.Add("recipient-variables", variables.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Mailgun answers {"message": ...}, and plain text where the request did not reach its API.
std::string MessageOf(const http_client::Response& response) {
  const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_object() && body.contains("message") && body["message"].is_string()) {
    return body["message"].get<std::string>();
  }
  const bool text = !response.body.empty() && response.body.find('<') == std::string::npos;
  if (text) return response.body;
  return fmt::format("HTTP status {} without an error of Mailgun's API", response.status);
}

bool HasId(const http_client::Response& response) {
  const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  return body.is_object() && body.contains("id") && body["id"].is_string();
}

// "to parameter is not a valid address. please check documentation"
HttpRefused::Subject SubjectOf(std::string_view message) {
  using Subject = HttpRefused::Subject;
  if (message.starts_with("to parameter") || message.starts_with("'to'"))
    return Subject::kRecipient;
  if (message.starts_with("from parameter") || message.starts_with("'from'")) {
    return Subject::kSender;
  }
  return Subject::kUnknown;
}

}  // namespace

http_client::Request MailgunApi::Post(std::string_view method, std::string_view api_key) const {
  const std::string login = absl::Base64Escape(fmt::format("api:{}", api_key));
  return {.url = fmt::format("{}/v3/{}/{}", base_url_, domain_, method),
          .headers = {{"Authorization", "Basic " + login}}};
}

http_client::Request MailgunApi::SendRequest(std::span<const ProviderMail> mails,
                                             std::string_view api_key) const {
  MultipartForm form;
  const bool single = mails.size() == 1;
  single ? AddSingle(mails.front(), form) : AddShared(mails, tag_style(), form);
  http_client::Request request = Post(single ? "messages.mime" : "messages", api_key);
  MultipartForm::Encoded encoded = form.Encode();
  request.headers.emplace_back("Content-Type", std::move(encoded.content_type));
  request.body = std::move(encoded.body);
  return request;
}

ProviderAnswer MailgunApi::Interpret(const http_client::Response& response, absl::Time now) const {
  ProviderAnswer answer;
  DeliveryResult& result = answer.result;
  const std::string message = MessageOf(response);
  result.reply_code = response.status;
  result.reply_text = std::string(TruncateUtf8(message, kMaxText));
  // A wrong URL answers 200 too, with another body.
  if (response.status == 200 && HasId(response)) return answer;
  result.kind = DeliveryResult::Kind::kRefused;
  result.refusal =
      Classify(HttpRefused{.status = response.status,
                           .subject = SubjectOf(message),
                           .text = message,
                           .retry_after = RetryTimeOf(response, now).value_or(now) - now});
  return answer;
}

http_client::Request MailgunApi::TestRequest(std::string_view api_key) const {
  http_client::Request request = Post("messages", api_key);
  MultipartForm::Encoded encoded = MultipartForm().Encode();
  request.headers.emplace_back("Content-Type", std::move(encoded.content_type));
  request.body = std::move(encoded.body);
  return request;
}

absl::StatusOr<std::string> MailgunApi::InterpretTest(const http_client::Response& response) const {
  const std::string message = MessageOf(response);
  if (response.status == 400) {
    return fmt::format("{} accepts the API key for the domain {}", base_url_, domain_);
  }
  return absl::FailedPreconditionError(
      fmt::format("Mailgun answered {}: {}. Check api_key_file, domain, and region or base_url",
                  response.status, TruncateUtf8(message, kMaxText)));
}

}  // namespace lmsmail::dispatch
