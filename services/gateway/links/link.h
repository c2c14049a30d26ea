#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/category/category.h"

namespace lmsmail::gateway {

enum class LinkKind { kUnsubscribe, kPreferences };

struct Choice {
  Category category = Category::kDemo;
  bool subscribed = false;
};

// What a link of a mail shows and may change.
struct Link {
  LinkKind kind = LinkKind::kPreferences;
  std::optional<Category> category = std::nullopt;  // of an unsubscribe link
  std::string language_code = {};                   // of the recipient
  std::vector<Choice> choices = {};                 // every optional category, in their order
  bool unsubscribed_from_all = false;
  std::string undo_token = {};    // after an update that withdrew consent
  bool tracking_allowed = false;  // whether opens and clicks may be measured
};

struct LinkUpdate {
  std::vector<Category> unsubscribe = {};
  std::vector<Category> subscribe = {};
  bool unsubscribe_from_all = false;
  std::optional<bool> tracking_allowed = std::nullopt;  // of a preferences link only
};

// Reads and changes consent for whoever holds a link. Errors: INVALID_ARGUMENT for a token that is
// not valid, NOT_FOUND when its recipient was deleted, transient ones (see IsTransient) when nobody
// answers. Thread-safe.
class LinkPreferences {
 public:
  virtual ~LinkPreferences() = default;

  virtual absl::StatusOr<Link> Resolve(std::string_view token) = 0;
  virtual absl::StatusOr<Link> OneClickUnsubscribe(std::string_view token) = 0;
  // `consent_text` is the version of the page that the person saw.
  virtual absl::StatusOr<Link> Update(std::string_view token, const LinkUpdate& update,
                                      std::string_view consent_text) = 0;
  virtual absl::StatusOr<Link> Undo(std::string_view token, std::string_view undo_token,
                                    std::string_view consent_text) = 0;
};

}  // namespace lmsmail::gateway
