#include "tests/fakes/mailgun_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

#include "libs/http_server/form.h"
#include "libs/strings/view.h"
#include "tests/fakes/mailgun_message.h"

namespace lmsmail::fakes {
namespace {

using http_server::Request;
using http_server::Response;
using nlohmann::json;

Response Message(int status, std::string_view message) {
  return Response::Json(
      status, json{{"message", message}}.dump(-1, ' ', false, json::error_handler_t::replace));
}

Response Forbidden() { return Response::Text(401, "Forbidden"); }

Response DomainNotFound(std::string_view domain) {
  return Message(404, fmt::format("Domain not found: {}", domain));
}

Response InvalidAddress() {
  return Message(400, "'to' parameter is not a valid address. please check documentation");
}

// `what` is request, recipient or bytes.
Response LimitExceeded(std::string_view domain, std::string_view what, absl::Time reset) {
  Response response = Response::Text(
      429,
      fmt::format("Domain {} is not allowed to send: {} limit exceeded, try again after {}", domain,
                  what, absl::FormatTime("%a, %d %b %Y %H:%M:%S UTC", reset, absl::UTCTimeZone())));
  response.headers.Set("X-RateLimit-Reset",
                       fmt::format("{:.6f}", absl::ToDoubleSeconds(reset - absl::UnixEpoch())));
  return response;
}

// As Mailgun names mail that has no Message-ID of its own.
std::string NewMessageId(std::string_view domain, absl::Time now) {
  thread_local absl::BitGen random;
  return fmt::format("<{}.{:016x}@{}>", absl::FormatTime("%Y%m%d%H%M%S", now, absl::UTCTimeZone()),
                     absl::Uniform<uint64_t>(random), domain);
}

std::string MessageIdOf(const MailgunMessage& message) {
  for (const auto& [name, value] : message.headers.items()) {
    if (value.is_string() && absl::EqualsIgnoreCase(name, "Message-Id")) return value;
  }
  return "";
}

}  // namespace

MailgunApi::MailgunApi(MailgunOptions options)
    : options_(std::move(options)), rate_(options_.rate) {}

MailgunApi::Path MailgunApi::Parse(std::string_view path) {
  const std::vector<absl::string_view> segments = absl::StrSplit(ToAbsl(path), '/');
  const bool v3 = segments.size() == 4 && segments[1] == "v3";
  const bool v4 = segments.size() == 4 && segments[1] == "v4";
  if ((v3 || v4) && segments[2] == "domains") return {Path::Kind::kDomain, ToStd(segments[3])};
  if (v3 && segments[3] == "messages") return {Path::Kind::kMessages, ToStd(segments[2])};
  if (v3 && segments[3] == "messages.mime") return {Path::Kind::kMime, ToStd(segments[2])};
  return {Path::Kind::kOther, {}};
}

bool MailgunApi::IsSend(const Request& request) const {
  const Path::Kind kind = Parse(request.path).kind;
  return request.method == "POST" && (kind == Path::Kind::kMessages || kind == Path::Kind::kMime);
}

bool MailgunApi::HasKey(const Request& request) const {
  std::string_view value = request.headers.Get("Authorization");
  constexpr std::string_view kScheme = "Basic ";
  if (!absl::StartsWithIgnoreCase(ToAbsl(value), ToAbsl(kScheme))) return false;
  std::string login;
  if (!absl::Base64Unescape(ToAbsl(value.substr(kScheme.size())), &login)) return false;
  return std::ranges::any_of(options_.keys,
                             [&](const std::string& key) { return login == "api:" + key; });
}

bool MailgunApi::HasDomain(std::string_view domain) const {
  return std::ranges::find(options_.domains, domain) != options_.domains.end();
}

Verdict MailgunApi::Serve(const Request& request) {
  const auto answer = [](Response response) { return Verdict{std::move(response), {}}; };
  const Path path = Parse(request.path);
  if (path.kind == Path::Kind::kOther) {
    return answer(Response::Text(200, "Mailgun Magnificent API"));
  }
  if (!HasKey(request)) return answer(Forbidden());
  if (!HasDomain(path.domain)) return answer(DomainNotFound(path.domain));
  if (path.kind != Path::Kind::kDomain) {
    if (request.method != "POST") return answer(Message(405, "Method not allowed"));
    return Send(request, path);
  }
  if (request.method != "GET") return answer(Message(405, "Method not allowed"));
  const json domain = {{"name", path.domain}, {"state", "active"}, {"type", "custom"}};
  return answer(Response::Json(200, json{{"domain", domain}}.dump()));
}

Verdict MailgunApi::Send(const Request& request, const Path& path) {
  const auto refuse = [](Response response) { return Verdict{std::move(response), {}}; };
  const absl::Time now = absl::Now();
  const RateWindow::State rate = rate_.Take(now);
  if (!rate.allowed) return refuse(LimitExceeded(path.domain, "request", rate.reset));

  const bool is_mime = path.kind == Path::Kind::kMime;
  const auto form = http_server::ParseForm(request, /*max_fields=*/10'000);
  if (!form.ok()) return refuse(Message(400, ToStd(form.status().message())));
  const auto message = ParseMailgunMessage(*form, is_mime, now);
  if (!message.ok()) return refuse(Message(400, ToStd(message.status().message())));
  const bool refused = std::ranges::any_of(message->recipients, [this](const std::string& it) {
    return std::ranges::count(options_.refused_recipients, it) > 0;
  });
  if (refused) return refuse(InvalidAddress());

  std::string id = MessageIdOf(*message);
  if (id.empty()) id = NewMessageId(path.domain, now);
  Verdict verdict;
  verdict.response =
      Response::Json(200, json{{"id", id}, {"message", "Queued. Thank you."}}.dump());
  if (!message->test_mode) {
    verdict.mails = MailgunMails(*message, id, options_.id_variable, options_.detail);
  }
  return verdict;
}

Response MailgunApi::Fail(const Failure& failure, const Request& request) {
  const std::string_view domain = Parse(request.path).domain;
  switch (failure.mode) {
    case Mode::k400:
      return InvalidAddress();
    case Mode::k401:
    case Mode::kRevoked:
      return Forbidden();
    case Mode::k403:
      return Message(403,
                     "The domain is unverified and requires DNS configuration. Log in to your "
                     "control panel to view required DNS records.");
    case Mode::kQuota:
      // The plan's messages of a day.
      return LimitExceeded(domain, "recipient", absl::Now() + absl::Hours(24));
    case Mode::k429:
      return LimitExceeded(domain, "request", absl::Now() + failure.reset);
    case Mode::k451:
      return Message(451, "The domain's data is in another region.");
    case Mode::k500:
      return Message(500, "Internal Server Error");
    default:
      return ProxyError(503);
  }
}

}  // namespace lmsmail::fakes
