#include "services/gateway/web/bounce_handler.h"

#include <string>
#include <string_view>

#include "libs/http_server/form.h"
#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;
using Outcome = ReportIntake::Result::Outcome;

constexpr std::size_t kMaxParameters = 10;
constexpr char kRetryAfter[] = "60";  // seconds

// Empty if there is none.
std::string RecipientOf(const Request& request) {
  const auto query = http_server::ParseUrlEncoded(request.query, kMaxParameters);
  const std::string* const recipient =
      query.ok() ? http_server::FindField(*query, "recipient") : nullptr;
  return recipient == nullptr ? "" : *recipient;
}

bool IsRecorded(Outcome outcome) {
  return outcome == Outcome::kRecorded || outcome == Outcome::kDuplicate;
}

}  // namespace

BounceHandler::BounceHandler(ReportIntake& intake, telemetry::Metrics& metrics)
    : intake_(intake),
      reports_(metrics.AddCounter(
          "lmsmail_bounce_reports_total",
          "Messages that came back for mail by kind (delivery, classic, feedback, auto_reply, "
          "unknown) and result: recorded, duplicate, unknown (mail that is not in the log), "
          "ignored "
          "(of no consequence), forged, unassigned (names no mail of ours), limited (too many "
          "about "
          "one mail), unavailable, failed.")) {}

Response BounceHandler::Fail(const absl::Status& status) {
  static telemetry::LogEvery every(absl::Seconds(10));
  every.Log(telemetry::Level::kError, "a delivery report is not recorded", {{"error", status}});
  const bool transient = IsTransient(status);
  reports_.With({{"kind", ""}, {"result", transient ? "unavailable" : "failed"}}).Increment();
  if (!transient) return Response::Text(500, "Not recorded.\n");
  Response response = Response::Text(503, "Not recorded yet. Try again.\n");
  response.headers.Set("Retry-After", kRetryAfter);
  return response;
}

Response BounceHandler::operator()(const Request& request) {
  const std::string recipient = RecipientOf(request);
  if (recipient.empty()) {
    return Response::Text(
        400, "Give the address that the message came to: POST /bounces?recipient=ADDRESS\n");
  }
  const absl::StatusOr<ReportIntake::Result> result = intake_.Accept(recipient, request.body);
  if (!result.ok()) return Fail(result.status());
  reports_
      .With({{"kind", std::string(NameOf(result->kind))},
             {"result", std::string(NameOf(result->outcome))}})
      .Increment();
  return Response::Text(200, IsRecorded(result->outcome) ? "Recorded.\n" : "Ignored.\n");
}

}  // namespace lmsmail::gateway
