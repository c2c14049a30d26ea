#include "services/preference/api/consent_handlers.h"

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

std::optional<std::int64_t> ParseEventId(const rpc::PageCursor& cursor) {
  std::int64_t id = 0;
  if (cursor.empty()) return std::nullopt;
  std::from_chars(cursor[0].data(), cursor[0].data() + cursor[0].size(), id);
  return id;
}

// Of an UnsubscribeRequest or ResubscribeRequest.
template <typename Request>
absl::StatusOr<ConsentRequest> ConsentRequestOf(const Request& request) {
  Violations violations;
  ConsentRequest change;
  change.recipient_id = RecipientId(request.name(), "name", violations);
  if (const auto category = CategoryFromProto(request.category(), "category", violations)) {
    change.categories = {*category};
  }
  change.source = SourceFromProto(request.source(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

}  // namespace

absl::Status ConsentHandlers::GetPreferences(const rpc::CallInfo& call,
                                             const v1::GetPreferencesRequest& request,
                                             v1::Preferences& response) {
  Violations violations;
  const std::string id = PreferencesId(request.name(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent, consent_.Get(id, call.deadline));
  response = ToProto(id, consent);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::Unsubscribe(const rpc::CallInfo& call,
                                          const v1::UnsubscribeRequest& request,
                                          v1::Preferences& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const ConsentRequest change, ConsentRequestOf(request));
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           consent_.Unsubscribe(change, call.deadline));
  response = ToProto(change.recipient_id, consent);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::Resubscribe(const rpc::CallInfo& call,
                                          const v1::ResubscribeRequest& request,
                                          v1::Preferences& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const ConsentRequest change, ConsentRequestOf(request));
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           consent_.Resubscribe(change, call.deadline));
  response = ToProto(change.recipient_id, consent);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::SetTracking(const rpc::CallInfo& call,
                                          const v1::SetTrackingRequest& request,
                                          v1::Preferences& response) {
  Violations violations;
  const std::string id = RecipientId(request.name(), "name", violations);
  const ConsentSource source = SourceFromProto(request.source(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           consent_.SetTracking(id, request.allowed(), source, call.deadline));
  response = ToProto(id, consent);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::CheckTracking(const rpc::CallInfo& call,
                                            const v1::CheckTrackingRequest& request,
                                            v1::CheckTrackingResponse& response) {
  Violations violations;
  const std::vector<std::string> ids = RecipientIdsFromProto(request.recipients(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<bool> allowed,
                           consent_.TrackingAllowed(ids, call.deadline));
  response.mutable_allowed()->Add(allowed.begin(), allowed.end());
  return absl::OkStatus();
}

absl::Status ConsentHandlers::EnsurePreferences(const rpc::CallInfo& call,
                                                const v1::EnsurePreferencesRequest&,
                                                v1::EnsurePreferencesResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t count, consent_.EnsureDefaults(call.deadline));
  response.set_created_count(count);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::ListConsentEvents(const rpc::CallInfo& call,
                                                const v1::ListConsentEventsRequest& request,
                                                v1::ListConsentEventsResponse& response) {
  Violations violations;
  const std::string id = RecipientId(request.parent(), "parent", violations);
  const rpc::Page page(request, {"consentEvents", id}, kPageSizes, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<ConsentEvent> events,
      consent_.ListEvents(id, ParseEventId(page.cursor()), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(events, [](const ConsentEvent& last) { return std::to_string(last.id); }));
  for (const ConsentEvent& event : events) *response.add_events() = ToProto(id, event);
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
