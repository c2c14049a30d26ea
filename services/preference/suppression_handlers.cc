#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/preference/convert.h"
#include "services/preference/preference_service.h"
#include "services/preference/validation.h"

namespace lmsmail::preference {
namespace {

std::optional<SuppressionQuery::Position> ParsePosition(const rpc::PageCursor& cursor) {
  std::int64_t micros = 0;
  if (cursor.size() < 2) return std::nullopt;
  std::from_chars(cursor[0].data(), cursor[0].data() + cursor[0].size(), micros);
  return SuppressionQuery::Position{absl::FromUnixMicros(micros), cursor[1]};
}

}  // namespace

absl::Status PreferenceService::HandleAddSuppression(const rpc::CallInfo& call,
                                                     const pb::AddSuppressionRequest& request,
                                                     pb::Suppression& response) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  CheckDetail(request.detail(), "detail", violations);
  CheckEmailAddress(request.email_address(), "email_address", violations);
  const auto reason = ReasonFromProto(request.reason(), violations);
  if (request.reason() == pb::Suppression::REASON_UNSPECIFIED) {
    violations.Add("reason", "is required");
  } else if (reason == SuppressionReason::kErased) {
    violations.Add("reason",
                   "REASON_ERASED comes from DeleteRecipient only; REASON_MANUAL is for "
                   "what staff decides");
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      const Suppression suppression,
      domain_.suppressions.Add(request.email_address(), *reason, request.detail(), call.deadline));
  response = ToProto(suppression);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleRemoveSuppression(const rpc::CallInfo& call,
                                                        const pb::RemoveSuppressionRequest& request,
                                                        google::protobuf::Empty&) {
  Violations violations;
  std::string id;
  if (request.name().empty() == request.email_address().empty()) {
    violations.Add("name", "give either name or email_address, and not both");
  } else if (!request.name().empty()) {
    id = SuppressionIdOf(request.name(), violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  if (!id.empty()) return domain_.suppressions.RemoveById(id, call.deadline);
  return domain_.suppressions.RemoveAddress(request.email_address(), call.deadline);
}

absl::Status PreferenceService::HandleListSuppressions(const rpc::CallInfo& call,
                                                       const pb::ListSuppressionsRequest& request,
                                                       pb::ListSuppressionsResponse& response) {
  Violations violations;
  const std::string filter = std::to_string(request.reason());
  const rpc::Page page(request, {"suppressions", filter}, kPageSizes, violations);
  const auto reason = ReasonFromProto(request.reason(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<Suppression> suppressions,
      domain_.suppressions.List({ParsePosition(page.cursor()), reason, page.limit()},
                                call.deadline));
  response.set_next_page_token(page.TrimToPage(suppressions, [](const Suppression& last) {
    return rpc::PageCursor{std::to_string(absl::ToUnixMicros(last.create_time)), last.id};
  }));
  for (const Suppression& suppression : suppressions) {
    *response.add_suppressions() = ToProto(suppression);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
