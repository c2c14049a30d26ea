#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/gateway/links/link.h"

namespace lmsmail::gateway {

// Every optional category, subscribed.
inline std::vector<Choice> AllSubscribed() {
  std::vector<Choice> choices;
  for (const Category each : OptionalCategories()) choices.push_back({each, true});
  return choices;
}

// The links of one recipient: the token "u" unsubscribes from demo classes, "p" opens the
// preferences. Any other token is invalid.
class FakeLinks final : public LinkPreferences {
 public:
  absl::StatusOr<Link> Resolve(std::string_view token) override {
    if (!fault.ok()) return fault;
    Link link{.choices = choices};
    if (token == "u") {
      link.kind = LinkKind::kUnsubscribe;
      link.category = Category::kDemo;
    } else if (token != "p") {
      return absl::InvalidArgumentError("token: is not valid");
    }
    link.language_code = language_code;
    link.unsubscribed_from_all = std::ranges::none_of(choices, &Choice::subscribed);
    return link;
  }

  absl::StatusOr<Link> OneClickUnsubscribe(std::string_view token) override {
    ++one_clicks;
    return Update(token, {.unsubscribe = {Category::kDemo}}, "");
  }

  absl::StatusOr<Link> Update(std::string_view token, const LinkUpdate& update,
                              std::string_view consent_text) override {
    const absl::StatusOr<Link> before = Resolve(token);
    if (!before.ok()) return before;
    last_update = update;
    last_consent_text = std::string(consent_text);
    for (Choice& each : choices) {
      const bool listed = std::ranges::count(update.unsubscribe, each.category) > 0;
      if (listed || update.unsubscribe_from_all) each.subscribed = false;
      if (std::ranges::count(update.subscribe, each.category) > 0) each.subscribed = true;
    }
    absl::StatusOr<Link> after = Resolve(token);
    if (after.ok() && update.subscribe.empty()) after->undo_token = "undo-1";
    return after;
  }

  absl::StatusOr<Link> Undo(std::string_view token, std::string_view undo_token,
                            std::string_view) override {
    if (undo_token != "undo-1") return absl::InvalidArgumentError("undo_token: is not valid");
    choices = AllSubscribed();
    return Resolve(token);
  }

  absl::Status fault;  // of every call, unless OK
  std::vector<Choice> choices = AllSubscribed();
  std::string language_code = "en";
  int one_clicks = 0;
  std::optional<LinkUpdate> last_update;
  std::string last_consent_text;
};

}  // namespace lmsmail::gateway
