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
  Violations violations;
  ConsentRequest consent_request{{},
                                 CategoryFromProto(request.category(), "category", violations),
                                 SourceFromProto(request.source(), violations)};
  if (request.name().empty() == request.token().empty()) {
    violations.Add("name", "give exactly one of name and token");
  } else if (!request.name().empty()) {
    consent_request.recipient_id = RecipientId(request.name(), "name", violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  if (!request.token().empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(const Links::Subject subject,
                             links_.ParseUnsubscribeToken(request.token()));
    consent_request.recipient_id = subject.recipient_id;
    if (!consent_request.category) consent_request.category = subject.category;
  }
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           consent_.Unsubscribe(consent_request, call.deadline));
  response = ToProto(consent_request.recipient_id, consent);
  return absl::OkStatus();
}

absl::Status ConsentHandlers::Resubscribe(const rpc::CallInfo& call,
                                          const v1::ResubscribeRequest& request,
                                          v1::Preferences& response) {
  Violations violations;
  const ConsentRequest consent_request{
      RecipientId(request.name(), "name", violations),
      CategoryFromProto(request.category(), "category", violations),
      SourceFromProto(request.source(), violations)};
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           consent_.Resubscribe(consent_request, call.deadline));
  response = ToProto(consent_request.recipient_id, consent);
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
