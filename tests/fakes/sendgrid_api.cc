#include "tests/fakes/sendgrid_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"

#include "libs/http_server/media_type.h"
#include "libs/strings/encoding.h"
#include "libs/strings/view.h"
#include "tests/fakes/sendgrid_mails.h"
#include "tests/fakes/sendgrid_rules.h"

namespace lmsmail::fakes {
namespace {

using http_server::Request;
using http_server::Response;
using nlohmann::json;

constexpr std::string_view kSendPath = "/v3/mail/send";

Response Errors(int status, const std::vector<SendGridError>& errors) {
  json list = json::array();
  for (const SendGridError& error : errors) {
    json field = nullptr;
    if (!error.field.empty()) field = error.field;
    list.push_back({{"message", error.message}, {"field", field}, {"help", nullptr}});
  }
  return Response::Json(
      status, json{{"errors", list}}.dump(-1, ' ', false, json::error_handler_t::replace));
}

Response Error(int status, std::string message, std::string field = "") {
  return Errors(status, {{.message = std::move(message), .field = std::move(field)}});
}

Response UnknownKey() {
  return Error(401, "The provided authorization grant is invalid, expired, or revoked");
}

Response InvalidAddress(std::string field) {
  return Error(400, "Does not contain a valid address.", std::move(field));
}

Response UnverifiedSender() {
  return Error(403,
               "The from address does not match a verified Sender Identity. Mail cannot be sent "
               "until this error is resolved.",
               "from");
}

// A rate limit without `allowed` requests left.
Response TooManyRequests(const RateWindow::State& state) {
  Response response = Error(429, "too many requests");
  response.headers.Set("X-RateLimit-Limit", std::to_string(state.limit));
  response.headers.Set("X-RateLimit-Remaining", "0");
  response.headers.Set("X-RateLimit-Reset", std::to_string(absl::ToUnixSeconds(state.reset)));
  return response;
}

// As X-Message-Id has it: 22 characters.
std::string NewMessageId() {
  thread_local absl::BitGen random;
  std::string octets;
  for (int i = 0; i < 16; ++i) octets += static_cast<char>(absl::Uniform<int>(random, 0, 256));
  return Base64UrlEncode(octets);
}

bool IsJson(const Request& request) {
  const auto type = http_server::ParseMediaType(request.headers.Get("Content-Type"));
  return type && type->type == "application/json";
}

bool Contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool IsSandboxed(const json& mail) {
  const json::json_pointer enable("/mail_settings/sandbox_mode/enable");
  return mail.contains(enable) && mail[enable] == true;
}

}  // namespace

SendGridApi::SendGridApi(SendGridOptions options)
    : options_(std::move(options)), rate_(options_.rate) {}

bool SendGridApi::IsSend(const Request& request) const {
  return request.path == kSendPath && request.method == "POST";
}

std::string SendGridApi::KeyOf(const Request& request) const {
  std::string_view value = request.headers.Get("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(ToAbsl(value), ToAbsl(kScheme))) return "";
  value.remove_prefix(kScheme.size());
  const bool known = Contains(options_.keys, value) || Contains(options_.read_only_keys, value);
  return known ? std::string(value) : "";
}

Verdict SendGridApi::Serve(const Request& request) {
  if (request.path == "/v3/scopes") return {.response = Scopes(request), .mails = {}};
  if (request.path != kSendPath) return {.response = Error(404, "Not Found"), .mails = {}};
  if (request.method != "POST") {
    return {.response = Error(405, "method not allowed"), .mails = {}};
  }
  return Send(request);
}

Response SendGridApi::Scopes(const Request& request) const {
  if (request.method != "GET") return Error(405, "method not allowed");
  const std::string key = KeyOf(request);
  if (key.empty()) return UnknownKey();
  json scopes = {"scopes.read", "user.account.read"};
  if (Contains(options_.keys, key)) scopes.insert(scopes.begin(), "mail.send");
  return Response::Json(200, json{{"scopes", scopes}}.dump());
}

bool SendGridApi::MaySendFrom(const json& mail) const {
  if (options_.sender_domains.empty()) return true;
  const auto& from = mail["from"]["email"].get_ref<const std::string&>();
  return Contains(options_.sender_domains, absl::AsciiStrToLower(from.substr(from.rfind('@') + 1)));
}

std::optional<std::size_t> SendGridApi::RefusedRecipient(const json& mail) const {
  const json& list = mail["personalizations"];
  const auto found = std::ranges::find_if(list, [&](const json& one) {
    return Contains(options_.refused_recipients,
                    one["to"][0]["email"].get_ref<const std::string&>());
  });
  if (found == list.end()) return std::nullopt;
  return static_cast<std::size_t>(found - list.begin());
}

Verdict SendGridApi::Send(const Request& request) {
  const auto refuse = [](Response response) { return Verdict{std::move(response), {}}; };
  const std::string key = KeyOf(request);
  if (key.empty()) return refuse(UnknownKey());
  if (!Contains(options_.keys, key)) return refuse(Error(403, "access forbidden"));
  const absl::Time now = absl::Now();
  const RateWindow::State rate = rate_.Take(now);
  if (!rate.allowed) return refuse(TooManyRequests(rate));
  if (!IsJson(request)) {
    return refuse(Error(415, "Content-Type should be application/json."));
  }
  const json mail = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (mail.is_discarded()) return refuse(Error(400, "Bad Request"));
  const std::vector<SendGridError> errors = CheckSendGridMail(mail, now);
  if (!errors.empty()) return refuse(Errors(400, errors));
  if (const auto refused = RefusedRecipient(mail)) {
    return refuse(InvalidAddress(fmt::format("personalizations.{}.to.0.email", *refused)));
  }
  if (!MaySendFrom(mail)) return refuse(UnverifiedSender());
  if (IsSandboxed(mail)) return refuse(Response{.status = 200});

  const std::string id = NewMessageId();
  Verdict verdict;
  verdict.mails = SendGridMails(mail, id, options_.id_argument, options_.detail);
  verdict.response.status = 202;
  verdict.response.headers = {
      {"X-Message-Id", id},
      {"X-RateLimit-Limit", std::to_string(rate.limit)},
      {"X-RateLimit-Remaining", std::to_string(rate.remaining)},
      {"X-RateLimit-Reset", std::to_string(absl::ToUnixSeconds(rate.reset))}};
  return verdict;
}

Response SendGridApi::Fail(const Failure& failure, const Request&) {
  switch (failure.mode) {
    case Mode::k400:
      return InvalidAddress("personalizations.0.to.0.email");
    case Mode::k401:
    case Mode::kRevoked:
      return UnknownKey();
    case Mode::kQuota:
      return Error(401, "Maximum credits exceeded");
    case Mode::k403:
      return UnverifiedSender();
    case Mode::k429:
      return TooManyRequests({.allowed = false,
                              .limit = options_.rate,
                              .remaining = 0,
                              .reset = absl::Now() + failure.reset});
    case Mode::k451:
      return Error(451, "The request is for another region than that of the account's data.");
    case Mode::k500:
      return Error(500, "Internal Server Error");
    default:
      return ProxyError(503);
  }
}

}  // namespace lmsmail::fakes
