#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/category/category.h"
#include "libs/token/key_ring.h"

namespace lmsmail::preference {

enum class LinkKind { kUnsubscribe = 1, kPreferences = 2 };  // the numbers of the proto

// What the token of a link says.
struct Link {
  LinkKind kind = LinkKind::kPreferences;
  std::string recipient_id;
  std::optional<Category> category;  // of an unsubscribe link; always an optional one

  bool operator==(const Link&) const = default;
};

// A withdrawal of consent that may be undone.
struct Withdrawal {
  std::string recipient_id;
  std::vector<Category> categories;
  absl::Time time;  // with microseconds

  bool operator==(const Withdrawal&) const = default;
};

// Makes the links of a mail that work without a login. A link depends only on recipient, category
// and the first key, so a mail that is rendered again has the same bytes. No link shows the
// recipient. Immutable and thread-safe. `keys` must outlive it.
class Links {
 public:
  // `public_url` is the public URL of the gateway, without a trailing slash.
  Links(const token::KeyRing& keys, std::string public_url);

  // Returns <public_url>/u/<token>. The token is sealed for the purpose "unsubscribe" and holds
  // "<number of the category>.<recipient id>".
  std::string UnsubscribeUrl(std::string_view recipient_id, Category category) const;
  // Returns <public_url>/p/<token>. The token is sealed for the purpose "preferences" and holds the
  // recipient id.
  std::string PreferencesUrl(std::string_view recipient_id) const;
  // Opens the token of either link, sealed with any key. Other tokens are INVALID_ARGUMENT.
  absl::StatusOr<Link> Parse(std::string_view token) const;

  // Returns a token that is sealed for the purpose "undo" and holds "<numbers of the
  // categories>.<microseconds since 1970>.<recipient id>".
  std::string UndoToken(const Withdrawal& withdrawal) const;
  absl::StatusOr<Withdrawal> ParseUndoToken(std::string_view token) const;

 private:
  const token::KeyRing& keys_;
  const std::string public_url_;
};

}  // namespace lmsmail::preference
