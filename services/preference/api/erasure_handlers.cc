#include "services/preference/api/erasure_handlers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/preference/api/convert.h"
#include "services/preference/domain/resource_names.h"

namespace lmsmail::preference {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 100, .max_size = 1000};
constexpr int kMaxPending = 100;

std::optional<std::int64_t> ParseErasureId(const rpc::PageCursor& cursor) {
  std::int64_t id = 0;
  if (cursor.empty()) return std::nullopt;
  std::from_chars(cursor[0].data(), cursor[0].data() + cursor[0].size(), id);
  return id;
}

void CheckService(std::string_view service, Violations& violations) {
  if (std::ranges::count(kErasingServices, service) > 0) return;
  violations.Add("service", fmt::format("must be one of {}", fmt::join(kErasingServices, ", ")));
}

}  // namespace

absl::Status ErasureHandlers::GetErasure(const rpc::CallInfo& call,
                                         const v1::GetErasureRequest& request,
                                         v1::Erasure& response) {
  Violations violations;
  const std::int64_t id = ErasureId(request.name(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const ErasureJob job, store_.GetErasure(id, call.deadline));
  response = ToProto(job);
  return absl::OkStatus();
}

absl::Status ErasureHandlers::ListErasures(const rpc::CallInfo& call,
                                           const v1::ListErasuresRequest& request,
                                           v1::ListErasuresResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"erasures", std::to_string(request.running_only())}, kPageSizes,
                       violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<ErasureJob> jobs,
      store_.ListErasures({ParseErasureId(page.cursor()), request.running_only(), page.limit()},
                          call.deadline));
  response.set_next_page_token(
      page.TrimToPage(jobs, [](const ErasureJob& last) { return std::to_string(last.id); }));
  for (const ErasureJob& job : jobs) *response.add_erasures() = ToProto(job);
  return absl::OkStatus();
}

absl::Status ErasureHandlers::ListPendingErasures(const rpc::CallInfo& call,
                                                  const v1::ListPendingErasuresRequest& request,
                                                  v1::ListPendingErasuresResponse& response) {
  Violations violations;
  CheckService(request.service(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<PendingErasure> pending,
                           store_.PendingErasures(request.service(), kMaxPending, call.deadline));
  for (const PendingErasure& each : pending) {
    v1::PendingErasure& erasure = *response.add_erasures();
    erasure.set_name(ErasureName(each.id));
    erasure.set_recipient(RecipientName(each.recipient_id));
    erasure.set_email_address(each.email_address);
  }
  return absl::OkStatus();
}

absl::Status ErasureHandlers::AcknowledgeErasure(const rpc::CallInfo& call,
                                                 const v1::AcknowledgeErasureRequest& request,
                                                 google::protobuf::Empty&) {
  Violations violations;
  const std::int64_t id = ErasureId(request.name(), violations);
  CheckService(request.service(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return store_.AcknowledgeErasure(id, request.service(), clock_.Now(), call.deadline);
}

}  // namespace lmsmail::preference
