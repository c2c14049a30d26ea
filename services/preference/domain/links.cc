#include "services/preference/domain/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "libs/status/error_details.h"

namespace lmsmail::preference {
namespace {

constexpr char kUnsubscribe[] = "unsubscribe";
constexpr char kPreferences[] = "preferences";
constexpr char kUndo[] = "undo";

absl::Status InvalidToken(std::string_view field, std::string_view description) {
  return WithReason(InvalidField(field, description), {"TOKEN_INVALID", {}});
}

char Digit(Category category) { return static_cast<char>('0' + static_cast<int>(category)); }

std::optional<Category> OptionalCategoryOf(char digit) {
  const auto category = static_cast<Category>(digit - '0');
  if (std::ranges::count(OptionalCategories(), category) == 0) return std::nullopt;
  return category;
}

std::optional<Link> UnsubscribeLinkOf(std::string_view payload) {
  if (payload.size() < 3 || payload[1] != '.') return std::nullopt;
  const auto category = OptionalCategoryOf(payload[0]);
  if (!category) return std::nullopt;
  return Link{LinkKind::kUnsubscribe, std::string(payload.substr(2)), category};
}

std::optional<Withdrawal> WithdrawalOf(std::string_view payload) {
  const std::size_t first = payload.find('.');
  const std::size_t second = payload.find('.', first + 1);
  if (second == std::string_view::npos || second + 1 == payload.size()) return std::nullopt;
  Withdrawal withdrawal{std::string(payload.substr(second + 1)), {}, {}};
  for (const char digit : payload.substr(0, first)) {
    const auto category = OptionalCategoryOf(digit);
    if (!category) return std::nullopt;
    withdrawal.categories.push_back(*category);
  }
  std::int64_t micros = 0;
  const char* const end = payload.data() + second;
  const auto parsed = std::from_chars(payload.data() + first + 1, end, micros);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  withdrawal.time = absl::FromUnixMicros(micros);
  return withdrawal;
}

}  // namespace

Links::Links(const token::KeyRing& keys, std::string public_url)
    : keys_(keys), public_url_(std::move(public_url)) {}

std::string Links::UnsubscribeUrl(std::string_view recipient_id, Category category) const {
  const std::string payload = fmt::format("{}.{}", Digit(category), recipient_id);
  return fmt::format("{}/u/{}", public_url_, keys_.Seal(kUnsubscribe, payload));
}

std::string Links::PreferencesUrl(std::string_view recipient_id) const {
  return fmt::format("{}/p/{}", public_url_, keys_.Seal(kPreferences, recipient_id));
}

absl::StatusOr<Link> Links::Parse(std::string_view token) const {
  if (const auto payload = keys_.Open(kUnsubscribe, token); payload.ok()) {
    if (auto link = UnsubscribeLinkOf(*payload)) return *std::move(link);
  }
  if (auto payload = keys_.Open(kPreferences, token); payload.ok()) {
    return Link{LinkKind::kPreferences, *std::move(payload), std::nullopt};
  }
  return InvalidToken("token",
                      "is not the token of a link in a mail of this school: copy the whole link");
}

std::string Links::UndoToken(const Withdrawal& withdrawal) const {
  std::string digits;
  for (const Category category : withdrawal.categories) digits += Digit(category);
  return keys_.Seal(kUndo, fmt::format("{}.{}.{}", digits, absl::ToUnixMicros(withdrawal.time),
                                       withdrawal.recipient_id));
}

absl::StatusOr<Withdrawal> Links::ParseUndoToken(std::string_view token) const {
  if (const auto payload = keys_.Open(kUndo, token); payload.ok()) {
    if (auto withdrawal = WithdrawalOf(*payload)) return *std::move(withdrawal);
  }
  return InvalidToken("undo_token", "is not the undo_token that UpdateLink returned");
}

}  // namespace lmsmail::preference
