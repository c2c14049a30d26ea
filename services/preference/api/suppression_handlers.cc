#include "services/preference/api/suppression_handlers.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/preference/api/convert.h"
#include "services/preference/domain/request_validation.h"
#include "services/preference/domain/resource_names.h"

namespace lmsmail::preference {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 100, .max_size = 1000};

std::optional<SuppressionQuery::Position> ParsePosition(const rpc::PageCursor& cursor) {
  std::int64_t micros = 0;
  if (cursor.size() < 2) return std::nullopt;
  std::from_chars(cursor[0].data(), cursor[0].data() + cursor[0].size(), micros);
  return SuppressionQuery::Position{absl::FromUnixMicros(micros), cursor[1]};
}

}  // namespace

absl::Status SuppressionHandlers::AddSuppression(const rpc::CallInfo& call,
                                                 const v1::AddSuppressionRequest& request,
                                                 v1::Suppression& response) {
  Violations violations;
  ValidateRequestId(request.request_id(), violations);
  ValidateDetail(request.detail(), "detail", violations);
  ValidateEmailAddress(request.email_address(), "email_address", violations);
  const auto reason = ReasonFromProto(request.reason(), violations);
  if (request.reason() == v1::Suppression::REASON_UNSPECIFIED) {
    violations.Add("reason", "is required");
  } else if (reason == SuppressionReason::kErased) {
    violations.Add(
        "reason",
        "must not be REASON_ERASED, which only DeleteRecipient sets; use REASON_MANUAL for "
        "decisions of staff");
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      const Suppression suppression,
      suppressions_.Add(request.email_address(), *reason, request.detail(), call.deadline));
  response = ToProto(suppression);
  return absl::OkStatus();
}

absl::Status SuppressionHandlers::RemoveSuppression(const rpc::CallInfo& call,
                                                    const v1::RemoveSuppressionRequest& request,
                                                    google::protobuf::Empty&) {
  Violations violations;
  std::string id;
  if (request.name().empty() == request.email_address().empty()) {
    violations.Add("name", "give exactly one of name and email_address");
  } else if (!request.name().empty()) {
    id = SuppressionId(request.name(), violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  if (!id.empty()) return suppressions_.RemoveById(id, call.deadline);
  return suppressions_.RemoveAddress(request.email_address(), call.deadline);
}

absl::Status SuppressionHandlers::ListSuppressions(const rpc::CallInfo& call,
                                                   const v1::ListSuppressionsRequest& request,
                                                   v1::ListSuppressionsResponse& response) {
  Violations violations;
  const std::string filter = std::to_string(request.reason());
  const rpc::Page page(request, {"suppressions", filter}, kPageSizes, violations);
  const auto reason = ReasonFromProto(request.reason(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<Suppression> suppressions,
      suppressions_.List({ParsePosition(page.cursor()), reason, page.limit()}, call.deadline));
  response.set_next_page_token(page.TrimToPage(suppressions, [](const Suppression& last) {
    return rpc::PageCursor{std::to_string(absl::ToUnixMicros(last.create_time)), last.id};
  }));
  for (const Suppression& suppression : suppressions) {
    *response.add_suppressions() = ToProto(suppression);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
