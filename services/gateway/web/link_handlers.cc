#include "services/gateway/web/link_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "libs/http_server/form.h"
#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"
#include "services/gateway/web/preference_form.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;

constexpr char kRetryAfter[] = "60";  // seconds

constexpr std::array<std::pair<std::string_view, Done>, 5> kDoneNames = {
    {{"unsubscribed", Done::kUnsubscribed},
     {"all", Done::kUnsubscribedFromAll},
     {"subscribed", Done::kSubscribed},
     {"saved", Done::kSaved},
     {"undone", Done::kUndone}}};

std::string_view NameOf(Done done) {
  return std::ranges::find(kDoneNames, done, &std::pair<std::string_view, Done>::second)->first;
}

struct Notice {
  std::optional<Done> done;
  std::string undo_token;
};

// What the redirect after a change says. Whoever writes it by hand gets no more than a notice.
Notice NoticeOf(const Request& request) {
  Notice notice;
  const auto query = http_server::ParseUrlEncoded(request.query, 10);
  if (!query.ok()) return notice;
  if (const std::string* const done = http_server::FindField(*query, "done")) {
    const auto found =
        std::ranges::find(kDoneNames, *done, [](const auto& it) { return it.first; });
    if (found != kDoneNames.end()) notice.done = found->second;
  }
  if (const std::string* const undo = http_server::FindField(*query, "undo")) {
    notice.undo_token = *undo;
  }
  return notice;
}

// Never the token: it is the authority to change consent.
void LogFault(std::string_view what, const absl::Status& status) {
  static telemetry::LogEvery every(absl::Seconds(10));
  every.Log(telemetry::Level::kError, "a link of a mail could not be served",
            {{"action", what}, {"error", status}});
}

bool IsInvalidLink(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status);
}

Response SeeOther(std::string_view token, Done done, std::string_view undo_token) {
  // Relative, so that it works behind any prefix of the public URL. A token needs no escaping.
  std::string location = fmt::format("../{}?done={}", token, NameOf(done));
  if (!undo_token.empty()) location += fmt::format("&undo={}", undo_token);
  return Response{.status = 303, .headers = {{"Location", std::move(location)}}};
}

}  // namespace

Response LinkHandlers::ShowPage(LinkKind kind, const Request& request) {
  const absl::StatusOr<Link> link = Resolve(kind, request);
  if (!link.ok()) return ErrorPage(link.status(), request);
  const Notice notice = NoticeOf(request);
  return Response::Html(
      200, pages_.Preferences(*link, request.Parameter("token"), notice.done, notice.undo_token));
}

Response LinkHandlers::OneClick(const Request& request) {
  if (!IsOneClick(request)) {
    return Response::Text(400,
                          "The body must be List-Unsubscribe=One-Click, as "
                          "application/x-www-form-urlencoded or multipart/form-data (RFC 8058).\n");
  }
  const absl::Status status = links_.OneClickUnsubscribe(request.Parameter("token")).status();
  // Nobody sends mail to a recipient who was deleted.
  if (status.ok() || absl::IsNotFound(status)) return Response::Text(200, "Unsubscribed.\n");
  if (absl::IsInvalidArgument(status)) {
    return Response::Text(404, "This is not an unsubscribe link of this school.\n");
  }
  LogFault("one-click", status);
  Response response = Response::Text(503, "Not unsubscribed yet. Try again in a minute.\n");
  response.headers.Set("Retry-After", kRetryAfter);
  return response;
}

Response LinkHandlers::Change(LinkKind kind, const Request& request) {
  const absl::StatusOr<Link> link = Resolve(kind, request);
  if (!link.ok()) return ErrorPage(link.status(), request);
  const std::string_view token = request.Parameter("token");
  const absl::StatusOr<Decision> decision = ParseDecision(request, *link);
  if (!decision.ok()) return MessagePage(400, Message::kBadForm, request);
  if (const auto* const undo = std::get_if<Undo>(&*decision)) {
    const absl::StatusOr<Link> undone = links_.Undo(token, undo->undo_token, kConsentText);
    if (absl::IsInvalidArgument(undone.status())) {
      return MessagePage(400, Message::kBadForm, request);
    }
    if (!undone.ok()) return ErrorPage(undone.status(), request);
    return SeeOther(token, Done::kUndone, "");
  }
  const auto& change = std::get<gateway::Change>(*decision);
  const absl::StatusOr<Link> changed = links_.Update(token, change.update, kConsentText);
  if (!changed.ok()) return ErrorPage(changed.status(), request);
  return SeeOther(token, change.done, changed->undo_token);
}

absl::StatusOr<Link> LinkHandlers::Resolve(LinkKind kind, const Request& request) {
  LMSMAIL_ASSIGN_OR_RETURN(Link link, links_.Resolve(request.Parameter("token")));
  if (link.kind != kind) return absl::InvalidArgumentError("the token is of another kind of link");
  return link;
}

Response LinkHandlers::ErrorPage(const absl::Status& status, const Request& request) {
  if (IsInvalidLink(status)) return MessagePage(404, Message::kInvalidLink, request);
  LogFault(request.method, status);
  Response response = MessagePage(503, Message::kUnavailable, request);
  response.headers.Set("Retry-After", kRetryAfter);
  return response;
}

Response LinkHandlers::MessagePage(int status, Message message, const Request& request) {
  const Language& language = pages_.texts().Accepted(request.headers.Get("Accept-Language"));
  return Response::Html(status, pages_.ShowMessage(message, language));
}

}  // namespace lmsmail::gateway
