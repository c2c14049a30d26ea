#include "services/preference/domain/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/status/error_details.h"

namespace lmsmail::preference {
namespace {

constexpr char kUnsubscribe[] = "unsubscribe";
constexpr char kPreferences[] = "preferences";

}  // namespace

Links::Links(const token::KeyRing& keys, std::string public_url)
    : keys_(keys), public_url_(std::move(public_url)) {}

std::string Links::UnsubscribeUrl(std::string_view recipient_id, Category category) const {
  const std::string payload = fmt::format("{}.{}", static_cast<int>(category), recipient_id);
  return fmt::format("{}/u/{}", public_url_, keys_.Seal(kUnsubscribe, payload));
}

std::string Links::PreferencesUrl(std::string_view recipient_id) const {
  return fmt::format("{}/p/{}", public_url_, keys_.Seal(kPreferences, recipient_id));
}

absl::StatusOr<Links::Subject> Links::ParseUnsubscribeToken(std::string_view token) const {
  const absl::StatusOr<std::string> payload = keys_.Open(kUnsubscribe, token);
  if (payload.ok() && payload->size() > 2 && (*payload)[1] == '.') {
    const auto category = static_cast<Category>((*payload)[0] - '0');
    if (std::ranges::count(OptionalCategories(), category) > 0) {
      return Subject{payload->substr(2), category};
    }
  }
  return WithReason(
      InvalidField("token",
                   "is not the token of an unsubscribe link of this school: copy the whole link"),
      {"TOKEN_INVALID", {}});
}

}  // namespace lmsmail::preference
