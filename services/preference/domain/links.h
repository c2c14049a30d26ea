#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/token/key_ring.h"
#include "services/preference/domain/category.h"

namespace lmsmail::preference {

// The links in a mail by which its recipient decides without a login. They depend on recipient,
// category and the first key only, so a mail written twice has the same bytes. Immutable, so
// thread-safe; `keys` must outlive it.
class Links {
 public:
  // `public_url` is where the gateway is reached, without a slash at its end.
  Links(const token::KeyRing& keys, std::string public_url);

  // <public_url>/u/<token>: the token is signed for the purpose "unsubscribe" and says
  // "<number of the category>.<recipient id>".
  std::string UnsubscribeUrl(std::string_view recipient_id, Category category) const;
  // <public_url>/p/<token>: the token is signed for the purpose "preferences" and says
  // "<recipient id>".
  std::string PreferencesUrl(std::string_view recipient_id) const;

  struct Subject {
    std::string recipient_id;
    Category category;
  };
  // Of a token from an unsubscribe link, whichever key signed it; INVALID_ARGUMENT otherwise.
  absl::StatusOr<Subject> ParseUnsubscribeToken(std::string_view token) const;

 private:
  const token::KeyRing& keys_;
  const std::string public_url_;
};

}  // namespace lmsmail::preference
