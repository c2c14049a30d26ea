#include "services/gateway/clients/preference_client.h"

#include <algorithm>
#include <string>

#include "libs/rpc/client_call.h"

namespace lmsmail::gateway {
namespace {

namespace pb = lmsmail::preference::v1;
namespace type = lmsmail::type::v1;

// A newer preference service may have categories that this version cannot name.
bool IsKnown(type::Category category) {
  return std::ranges::any_of(
      kCategories, [category](Category known) { return static_cast<int>(known) == category; });
}

absl::StatusOr<Link> ToLink(absl::StatusOr<pb::Link> response) {
  if (!response.ok()) return response.status();
  Link link;
  link.kind = response->kind() == pb::Link::KIND_UNSUBSCRIBE ? LinkKind::kUnsubscribe
                                                             : LinkKind::kPreferences;
  if (IsKnown(response->category())) link.category = static_cast<Category>(response->category());
  link.language_code = response->language_code();
  for (const pb::CategoryPreference& each : response->categories()) {
    if (each.mandatory() || !IsKnown(each.category())) continue;
    link.choices.push_back({static_cast<Category>(each.category()), each.subscribed()});
  }
  link.unsubscribed_from_all = response->unsubscribed_from_all();
  link.undo_token = response->undo_token();
  link.tracking_allowed = response->tracking_allowed();
  return link;
}

}  // namespace

absl::StatusOr<Link> PreferenceClient::Resolve(std::string_view token) {
  pb::ResolveLinkRequest request;
  request.set_token(std::string(token));
  return ToLink(rpc::Call(*stub_, &Stub::ResolveLink, request, rpc::WithTimeout(timeout_)));
}

absl::StatusOr<Link> PreferenceClient::OneClickUnsubscribe(std::string_view token) {
  pb::OneClickUnsubscribeRequest request;
  request.set_token(std::string(token));
  return ToLink(rpc::Call(*stub_, &Stub::OneClickUnsubscribe, request, rpc::WithTimeout(timeout_)));
}

absl::StatusOr<Link> PreferenceClient::Update(std::string_view token, const LinkUpdate& update,
                                              std::string_view consent_text) {
  pb::UpdateLinkRequest request;
  request.set_token(std::string(token));
  for (const Category each : update.unsubscribe) {
    request.add_unsubscribe(static_cast<type::Category>(each));
  }
  for (const Category each : update.subscribe) {
    request.add_subscribe(static_cast<type::Category>(each));
  }
  request.set_unsubscribe_from_all(update.unsubscribe_from_all);
  if (update.tracking_allowed) request.set_tracking_allowed(*update.tracking_allowed);
  request.set_consent_text(std::string(consent_text));
  return ToLink(rpc::Call(*stub_, &Stub::UpdateLink, request, rpc::WithTimeout(timeout_)));
}

absl::StatusOr<Link> PreferenceClient::Undo(std::string_view token, std::string_view undo_token,
                                            std::string_view consent_text) {
  pb::UndoLinkUpdateRequest request;
  request.set_token(std::string(token));
  request.set_undo_token(std::string(undo_token));
  request.set_consent_text(std::string(consent_text));
  return ToLink(rpc::Call(*stub_, &Stub::UndoLinkUpdate, request, rpc::WithTimeout(timeout_)));
}

}  // namespace lmsmail::gateway
