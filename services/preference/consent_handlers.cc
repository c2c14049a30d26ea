#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/preference/convert.h"
#include "services/preference/preference_service.h"

namespace lmsmail::preference {
namespace {

std::optional<std::int64_t> ParseEventId(const rpc::PageCursor& cursor) {
  std::int64_t id = 0;
  if (cursor.empty()) return std::nullopt;
  std::from_chars(cursor[0].data(), cursor[0].data() + cursor[0].size(), id);
  return id;
}

}  // namespace

absl::Status PreferenceService::HandleGetPreferences(const rpc::CallInfo& call,
                                                     const pb::GetPreferencesRequest& request,
                                                     pb::Preferences& response) {
  Violations violations;
  const std::string id = PreferencesIdOf(request.name(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent, domain_.consent.Get(id, call.deadline));
  response = ToProto(id, consent);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleUnsubscribe(const rpc::CallInfo& call,
                                                  const pb::UnsubscribeRequest& request,
                                                  pb::Preferences& response) {
  Violations violations;
  Wish wish{{},
            CategoryFromProto(request.category(), "category", violations),
            SourceFromProto(request.source(), violations)};
  if (request.name().empty() == request.token().empty()) {
    violations.Add("name", "give either name or token, and not both");
  } else if (!request.name().empty()) {
    wish.recipient_id = RecipientIdOf(request.name(), "name", violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  if (!request.token().empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(const Links::Subject subject,
                             domain_.links.ParseUnsubscribeToken(request.token()));
    wish.recipient_id = subject.recipient_id;
    if (!wish.category) wish.category = subject.category;
  }
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           domain_.consent.Unsubscribe(wish, call.deadline));
  response = ToProto(wish.recipient_id, consent);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleResubscribe(const rpc::CallInfo& call,
                                                  const pb::ResubscribeRequest& request,
                                                  pb::Preferences& response) {
  Violations violations;
  const Wish wish{RecipientIdOf(request.name(), "name", violations),
                  CategoryFromProto(request.category(), "category", violations),
                  SourceFromProto(request.source(), violations)};
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent consent,
                           domain_.consent.Resubscribe(wish, call.deadline));
  response = ToProto(wish.recipient_id, consent);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleEnsurePreferences(const rpc::CallInfo& call,
                                                        const pb::EnsurePreferencesRequest&,
                                                        pb::EnsurePreferencesResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t count, domain_.consent.EnsureDefaults(call.deadline));
  response.set_created_count(count);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleListConsentEvents(const rpc::CallInfo& call,
                                                        const pb::ListConsentEventsRequest& request,
                                                        pb::ListConsentEventsResponse& response) {
  Violations violations;
  const std::string id = RecipientIdOf(request.parent(), "parent", violations);
  const rpc::Page page(request, {"consentEvents", id}, kPageSizes, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<ConsentEvent> events,
      domain_.consent.ListEvents(id, ParseEventId(page.cursor()), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(events, [](const ConsentEvent& last) { return std::to_string(last.id); }));
  for (const ConsentEvent& event : events) *response.add_events() = ToProto(id, event);
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
