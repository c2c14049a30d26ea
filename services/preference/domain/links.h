#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/category/category.h"
#include "libs/token/key_ring.h"

namespace lmsmail::preference {

// Makes the links of a mail that work without a login. A link depends only on recipient, category
// and the first key, so a mail that is rendered again has the same bytes. Immutable and
// thread-safe. `keys` must outlive it.
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

  struct Subject {
    std::string recipient_id;
    Category category;
  };
  // Opens the token of an unsubscribe link, sealed with any key. Other tokens are
  // INVALID_ARGUMENT.
  absl::StatusOr<Subject> ParseUnsubscribeToken(std::string_view token) const;

 private:
  const token::KeyRing& keys_;
  const std::string public_url_;
};

}  // namespace lmsmail::preference
