#include "services/dispatch/clients/preference_client.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {
namespace {

namespace pb = lmsmail::preference::v1;

constexpr std::size_t kMaxChecks = 1000;
constexpr std::size_t kMaxDetail = 500;

void ToProto(const RecipientQuery& query, pb::CheckRecipientsRequest::Check& check) {
  if (query.target.kind == Target::Kind::kRecipient) {
    check.set_recipient(query.target.value);
  } else {
    check.set_email_address(query.target.value);
  }
  check.set_category(static_cast<lmsmail::type::v1::Category>(query.category));
}

Reason FromProto(pb::Verdict::Reason reason) {
  switch (reason) {
    case pb::Verdict::REASON_UNKNOWN_RECIPIENT:
      return Reason::kUnknownRecipient;
    case pb::Verdict::REASON_UNSUBSCRIBED:
      return Reason::kUnsubscribed;
    case pb::Verdict::REASON_BOUNCED:
      return Reason::kBounced;
    case pb::Verdict::REASON_COMPLAINED:
      return Reason::kComplained;
    case pb::Verdict::REASON_SUPPRESSED:
      return Reason::kSuppressed;
    case pb::Verdict::REASON_INVALID_ADDRESS:
      return Reason::kInvalidAddress;
    case pb::Verdict::REASON_QUIET_HOURS:
      return Reason::kQuietHours;
    case pb::Verdict::REASON_NO_CONSENT:
      return Reason::kNoConsent;
    default:
      return Reason::kNone;
  }
}

absl::StatusOr<Verdict> FromProto(const pb::Verdict& result) {
  Verdict verdict;
  verdict.reason = FromProto(result.reason());
  if (auto address = address::ParseEmailAddress(result.email_address()); address.ok()) {
    verdict.recipient.address = *std::move(address);
  }
  verdict.recipient.display_name = result.display_name();
  verdict.recipient.given_name = result.given_name();
  verdict.recipient.language_code = result.language_code();
  verdict.recipient.time_zone = result.time_zone();
  verdict.recipient.unsubscribe_url = result.unsubscribe_url();
  verdict.recipient.preferences_url = result.preferences_url();
  verdict.recipient.tracking_allowed = result.tracking_allowed();
  switch (result.decision()) {
    case pb::Verdict::DECISION_ALLOW:
      verdict.decision = Verdict::Decision::kAllow;
      return verdict;
    case pb::Verdict::DECISION_SKIP:
      verdict.decision = Verdict::Decision::kSkip;
      return verdict;
    case pb::Verdict::DECISION_DEFER: {
      verdict.decision = Verdict::Decision::kDefer;
      LMSMAIL_ASSIGN_OR_RETURN(verdict.retry_time, protobuf::FromProto(result.retry_time()));
      return verdict;
    }
    default:
      // A mail must not be sent on a decision that this version does not know.
      return absl::UnavailableError("the preference service returned an unknown decision");
  }
}

}  // namespace

absl::StatusOr<std::vector<Verdict>> PreferenceClient::Check(
    absl::Span<const RecipientQuery> queries, absl::Time deadline) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(queries.size());
  while (!queries.empty()) {
    const auto part = queries.subspan(0, std::min(queries.size(), kMaxChecks));
    queries.remove_prefix(part.size());
    pb::CheckRecipientsRequest request;
    for (const RecipientQuery& query : part) ToProto(query, *request.add_checks());
    LMSMAIL_ASSIGN_OR_RETURN(
        const pb::CheckRecipientsResponse response,
        rpc::Call(*stub_, &Stub::CheckRecipients, request,
                  rpc::WithTimeout(std::min(timeout_, deadline - absl::Now()))));
    if (static_cast<std::size_t>(response.verdicts_size()) != part.size()) {
      return absl::UnavailableError("the number of verdicts differs from that of queries");
    }
    for (const pb::Verdict& result : response.verdicts()) {
      LMSMAIL_ASSIGN_OR_RETURN(Verdict verdict, FromProto(result));
      verdicts.push_back(std::move(verdict));
    }
  }
  return verdicts;
}

absl::StatusOr<std::vector<bool>> PreferenceClient::TrackingAllowed(
    absl::Span<const std::string> recipients, absl::Time deadline) {
  std::vector<bool> allowed;
  allowed.reserve(recipients.size());
  while (!recipients.empty()) {
    const auto part = recipients.subspan(0, std::min(recipients.size(), kMaxChecks));
    recipients.remove_prefix(part.size());
    pb::CheckTrackingRequest request;
    request.mutable_recipients()->Add(part.begin(), part.end());
    LMSMAIL_ASSIGN_OR_RETURN(
        const pb::CheckTrackingResponse response,
        rpc::Call(*stub_, &Stub::CheckTracking, request,
                  rpc::WithTimeout(std::min(timeout_, deadline - absl::Now()))));
    if (static_cast<std::size_t>(response.allowed_size()) != part.size()) {
      return absl::UnavailableError("the number of answers differs from that of recipients");
    }
    allowed.insert(allowed.end(), response.allowed().begin(), response.allowed().end());
  }
  return allowed;
}

absl::Status PreferenceClient::Add(std::string_view email_address, SuppressionCause cause,
                                   std::string_view detail) {
  pb::AddSuppressionRequest request;
  request.set_email_address(std::string(email_address));
  request.set_reason(cause == SuppressionCause::kComplained ? pb::Suppression::REASON_COMPLAINED
                                                            : pb::Suppression::REASON_BOUNCED);
  request.set_detail(std::string(detail.substr(0, kMaxDetail)));
  return rpc::Call(*stub_, &Stub::AddSuppression, request, rpc::WithTimeout(timeout_)).status();
}

absl::Status PreferenceClient::Withdraw(std::string_view recipient, Category category,
                                        absl::Time deadline) {
  pb::UnsubscribeRequest request;
  request.set_name(std::string(recipient));
  request.set_category(static_cast<lmsmail::type::v1::Category>(category));
  request.mutable_source()->set_method(pb::ConsentSource::METHOD_PROVIDER);
  return rpc::Call(*stub_, &Stub::Unsubscribe, request,
                   rpc::WithTimeout(std::min(timeout_, deadline - absl::Now())))
      .status();
}

}  // namespace lmsmail::dispatch
