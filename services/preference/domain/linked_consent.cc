#include "services/preference/domain/linked_consent.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::preference {
namespace {

// The error of the store names the recipient.
absl::Status WithoutRecipient(absl::Status status) {
  if (!absl::IsNotFound(status)) return status;
  return WithReason(absl::NotFoundError("the recipient of the link was deleted"),
                    {"LINK_RECIPIENT_DELETED", {}});
}

const CategoryConsent* Find(const RecipientConsent& consent, Category category) {
  const auto found = std::ranges::find(consent.categories, category, &CategoryConsent::category);
  return found == consent.categories.end() ? nullptr : &*found;
}

bool IsSubscribed(const RecipientConsent& consent, Category category) {
  const CategoryConsent* const found = Find(consent, category);
  return found != nullptr && found->subscribed;
}

// `time` has microseconds, like those in the database.
bool IsStillWithdrawn(const RecipientConsent& consent, Category category, absl::Time time) {
  const CategoryConsent* const found = Find(consent, category);
  return found != nullptr && !found->subscribed && found->update_time &&
         absl::FromUnixMicros(absl::ToUnixMicros(*found->update_time)) == time;
}

void CheckCategories(const std::vector<Category>& categories, const Link& link,
                     std::string_view field, Violations& violations) {
  const std::vector<Category> changeable = ChangeableCategories(link);
  for (std::size_t i = 0; i < categories.size(); ++i) {
    if (std::ranges::count(changeable, categories[i]) > 0) continue;
    violations.Add(fmt::format("{}[{}]", field, i),
                   "is not a category that this link may change: see changeable_categories");
  }
}

absl::Status CheckUpdate(const LinkUpdate& update, const Link& link) {
  Violations violations;
  CheckCategories(update.unsubscribe, link, "unsubscribe", violations);
  CheckCategories(update.subscribe, link, "subscribe", violations);
  const bool names_categories = !update.unsubscribe.empty() || !update.subscribe.empty();
  if (update.unsubscribe_from_all && (names_categories || update.tracking_allowed)) {
    violations.Add("unsubscribe_from_all", "must be the only change: leave out the others");
  }
  if (!update.unsubscribe_from_all && !names_categories && !update.tracking_allowed) {
    violations.Add(
        "unsubscribe",
        "give a change: unsubscribe, subscribe, unsubscribe_from_all or tracking_allowed");
  }
  if (update.tracking_allowed && link.kind != LinkKind::kPreferences) {
    violations.Add("tracking_allowed", "needs the token of the link to the preference page");
  }
  for (std::size_t i = 0; i < update.subscribe.size(); ++i) {
    if (std::ranges::count(update.unsubscribe, update.subscribe[i]) > 0) {
      violations.Add(fmt::format("subscribe[{}]", i), "is in unsubscribe too: give it once");
    }
  }
  return violations.ToStatus();
}

}  // namespace

std::vector<Category> ChangeableCategories(const Link& link) {
  if (link.category) return {*link.category};
  return OptionalCategories();
}

LinkedConsent::LinkedConsent(const Links& links, ConsentRegistry& consent, PreferenceStore& store,
                             school::SchoolSource& school)
    : links_(links), consent_(consent), store_(store), school_(school) {}

absl::StatusOr<LinkState> LinkedConsent::Resolve(std::string_view token, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Link link, links_.Parse(token));
  return StateOf(link, deadline);
}

absl::StatusOr<LinkState> LinkedConsent::OneClickUnsubscribe(std::string_view token,
                                                             absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Link link, links_.Parse(token));
  if (!link.category) {
    return InvalidField("token", "is that of a preferences link: give that of an unsubscribe link");
  }
  LMSMAIL_ASSIGN_OR_RETURN(LinkState state, StateOf(link, deadline));
  LMSMAIL_RETURN_IF_ERROR(
      Withdraw(state, {*link.category}, {ConsentMethod::kOneClick, "", ""}, deadline));
  state.undo_token.clear();  // nobody sees a page
  return state;
}

absl::StatusOr<LinkState> LinkedConsent::Update(std::string_view token, const LinkUpdate& update,
                                                absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Link link, links_.Parse(token));
  LMSMAIL_RETURN_IF_ERROR(CheckUpdate(update, link));
  LMSMAIL_ASSIGN_OR_RETURN(LinkState state, StateOf(link, deadline));
  const ConsentSource source{ConsentMethod::kPreferencePage, "", update.consent_text};
  const std::vector<Category>& withdrawn =
      update.unsubscribe_from_all ? OptionalCategories() : update.unsubscribe;
  if (!withdrawn.empty()) {
    LMSMAIL_RETURN_IF_ERROR(Withdraw(state, withdrawn, source, deadline));
  }
  if (!update.subscribe.empty()) {
    absl::StatusOr<RecipientConsent> consent =
        consent_.Resubscribe({link.recipient_id, update.subscribe, source}, deadline);
    if (!consent.ok()) return WithoutRecipient(consent.status());
    state.consent = *std::move(consent);
  }
  if (update.tracking_allowed) {
    absl::StatusOr<RecipientConsent> consent =
        consent_.SetTracking(link.recipient_id, *update.tracking_allowed, source, deadline);
    if (!consent.ok()) return WithoutRecipient(consent.status());
    state.consent = *std::move(consent);
  }
  return state;
}

absl::StatusOr<LinkState> LinkedConsent::Undo(std::string_view token, std::string_view undo_token,
                                              std::string_view consent_text, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Link link, links_.Parse(token));
  LMSMAIL_ASSIGN_OR_RETURN(const Withdrawal withdrawal, links_.ParseUndoToken(undo_token));
  if (withdrawal.recipient_id != link.recipient_id) {
    return InvalidField("undo_token", "is of another recipient than the link: give both of one");
  }
  LMSMAIL_ASSIGN_OR_RETURN(LinkState state, StateOf(link, deadline));
  std::vector<Category> categories;
  std::ranges::copy_if(withdrawal.categories, std::back_inserter(categories), [&](Category each) {
    return IsStillWithdrawn(state.consent, each, withdrawal.time);
  });
  if (categories.empty()) return state;
  absl::StatusOr<RecipientConsent> consent =
      consent_.Resubscribe({link.recipient_id,
                            categories,
                            {ConsentMethod::kPreferencePage, "", std::string(consent_text)}},
                           deadline);
  if (!consent.ok()) return WithoutRecipient(consent.status());
  state.consent = *std::move(consent);
  return state;
}

absl::StatusOr<LinkState> LinkedConsent::StateOf(const Link& link, absl::Time deadline) {
  absl::StatusOr<Recipient> recipient = store_.GetRecipient(link.recipient_id, deadline);
  if (!recipient.ok()) return WithoutRecipient(recipient.status());
  absl::StatusOr<RecipientConsent> consent = consent_.Get(link.recipient_id, deadline);
  if (!consent.ok()) return WithoutRecipient(consent.status());
  if (recipient->language_code.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(const school::School school, school_.Get());
    recipient->language_code = school.language_code;
  }
  return LinkState{link, std::move(recipient->language_code), *std::move(consent), ""};
}

absl::Status LinkedConsent::Withdraw(LinkState& state, std::vector<Category> categories,
                                     const ConsentSource& source, absl::Time deadline) {
  // What is withdrawn already, also by default, is not this change's to undo.
  Withdrawal withdrawal{state.link.recipient_id, {}, {}};
  std::ranges::copy_if(categories, std::back_inserter(withdrawal.categories),
                       [&](Category each) { return IsSubscribed(state.consent, each); });
  absl::StatusOr<RecipientConsent> consent =
      consent_.Unsubscribe({state.link.recipient_id, std::move(categories), source}, deadline);
  if (!consent.ok()) return WithoutRecipient(consent.status());
  state.consent = *std::move(consent);
  if (withdrawal.categories.empty()) return absl::OkStatus();
  const CategoryConsent* const changed = Find(state.consent, withdrawal.categories.front());
  if (changed != nullptr && changed->update_time) {
    withdrawal.time = *changed->update_time;
    state.undo_token = links_.UndoToken(withdrawal);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
