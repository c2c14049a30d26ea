#include "libs/audit/audit_handlers.h"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::audit {
namespace {

constexpr rpc::PageSizes kPages{.default_size = 100, .max_size = 1000};

std::optional<std::int64_t> IdOf(const std::string& cursor) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), id);
  if (cursor.empty() || error != std::errc()) return std::nullopt;
  return id;
}

Filter FilterOf(const type::v1::ListAuditEventsRequest& request, Violations& violations) {
  Filter filter{
      .caller = request.caller(), .method = request.method(), .resource = request.resource()};
  if (request.has_start_time()) {
    filter.start = protobuf::FromProto(request.start_time(), "start_time", violations);
  }
  if (request.has_end_time()) {
    filter.end = protobuf::FromProto(request.end_time(), "end_time", violations);
  }
  return filter;
}

void ToProto(const Entry& entry, type::v1::AuditEvent& event) {
  *event.mutable_begin_time() = protobuf::ToProto(entry.begin_time);
  event.set_caller(entry.call.caller);
  event.set_method(entry.call.method);
  event.set_resource(entry.call.resource);
  event.set_request_id(entry.call.request_id);
  if (!entry.end) return;
  *event.mutable_end_time() = protobuf::ToProto(entry.end->time);
  event.set_code(static_cast<int>(entry.end->code));
}

}  // namespace

absl::Status AuditHandlers::ListAuditEvents(const rpc::CallInfo& call,
                                            const type::v1::ListAuditEventsRequest& request,
                                            type::v1::ListAuditEventsResponse& response) {
  Violations violations;
  const Filter filter = FilterOf(request, violations);
  type::v1::ListAuditEventsRequest query = request;
  query.clear_page_size();
  query.clear_page_token();
  const std::string query_bytes = protobuf::DeterministicBytes(query);
  const rpc::Page page(request, {query_bytes}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Entry> entries,
                           reader_.List(filter, IdOf(page.after()), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(entries, [](const Entry& last) { return std::to_string(last.id); }));
  for (const Entry& entry : entries) ToProto(entry, *response.add_events());
  return absl::OkStatus();
}

}  // namespace lmsmail::audit
