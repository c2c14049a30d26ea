#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/token/key_ring.h"

// What the links of a tracked mail say: that it was opened, or which of its links was followed. The
// dispatch service makes them, the gateway answers them.
namespace lmsmail::tracking {

// The longest target of a link; the token of a longer one would not fit.
inline constexpr std::size_t kMaxTarget = 1900;  // octets

// Whether browsers may be sent there: an absolute http or https URL of printable ASCII, at most
// kMaxTarget octets.
bool IsTarget(std::string_view url);

struct Click {
  std::string message;  // the id in the mail's resource name, of [0-9a-z]
  int link = 0;         // which link of the mail: 1 to `links`
  int links = 0;        // how many tracked links the mail has
  std::string target;

  bool operator==(const Click&) const = default;
};

// Seals and opens the tokens. They hold no address and no recipient. The target of a link is sealed
// together with the mail, so that nobody can make a link of ours that leads elsewhere. The same
// mail has the same tokens as long as the first key is the same. Immutable and thread-safe.
class Links {
 public:
  explicit Links(token::KeyRing keys) : keys_(std::move(keys)) {}

  std::string OpenToken(std::string_view message) const;
  // `click.target` must be as IsTarget() says.
  std::string ClickToken(const Click& click) const;

  // nullopt for any text that the functions above did not return.
  std::optional<std::string> ParseOpen(std::string_view token) const;
  std::optional<Click> ParseClick(std::string_view token) const;

 private:
  token::KeyRing keys_;
};

}  // namespace lmsmail::tracking
