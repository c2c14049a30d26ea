#include "services/gateway/web/preference_form.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "libs/http_server/form.h"
#include "libs/status/status_macros.h"

namespace lmsmail::gateway {
namespace {

using http_server::Form;
using http_server::FormField;

absl::Status NotOurs() { return absl::InvalidArgumentError("no form of the page sends this body"); }

bool Has(const Form& form, std::string_view name, std::string_view value) {
  return std::ranges::any_of(
      form, [&](const FormField& field) { return field.name == name && field.value == value; });
}

// The value of a field that occurs once.
std::optional<std::string> Single(const Form& form, std::string_view name) {
  if (std::ranges::count(form, name, &FormField::name) != 1) return std::nullopt;
  return *http_server::FindField(form, name);
}

// The categories of the page's checkboxes. One that was not shown stays as it is.
absl::StatusOr<Decision> Saved(const Form& form, const Link& link) {
  Change change;
  for (const Choice& each : link.choices) {
    if (!Has(form, "shown", NameOf(each.category))) continue;
    auto& categories = Has(form, "category", NameOf(each.category)) ? change.update.subscribe
                                                                    : change.update.unsubscribe;
    categories.push_back(each.category);
  }
  if (Has(form, "shown", "tracking")) {
    change.update.tracking_allowed = Has(form, "tracking", "allowed");
  }
  const bool empty = change.update.subscribe.empty() && change.update.unsubscribe.empty() &&
                     !change.update.tracking_allowed;
  if (empty) return NotOurs();
  return change;
}

}  // namespace

absl::StatusOr<Decision> ParseDecision(const http_server::Request& request, const Link& link) {
  LMSMAIL_ASSIGN_OR_RETURN(const Form form, http_server::ParseForm(request));
  const std::string action = Single(form, "action").value_or("");
  if (action == "undo") {
    std::optional<std::string> undo_token = Single(form, "undo");
    if (!undo_token) return NotOurs();
    return Undo{*std::move(undo_token)};
  }
  if (action == "unsubscribe_all") {
    return Change{{.unsubscribe_from_all = true}, Done::kUnsubscribedFromAll};
  }
  if (action == "unsubscribe" && link.category) {
    return Change{{.unsubscribe = {*link.category}}, Done::kUnsubscribed};
  }
  if (action == "subscribe" && link.category) {
    return Change{{.subscribe = {*link.category}}, Done::kSubscribed};
  }
  if (action == "save" && link.kind == LinkKind::kPreferences) return Saved(form, link);
  return NotOurs();
}

bool IsOneClick(const http_server::Request& request) {
  const auto form = http_server::ParseForm(request);
  return form.ok() && form->size() == 1 && form->front().name == "List-Unsubscribe" &&
         form->front().value == "One-Click";
}

}  // namespace lmsmail::gateway
