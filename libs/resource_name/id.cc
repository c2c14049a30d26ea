#include "libs/resource_name/id.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace lmsmail::resource_name {
namespace {

constexpr std::size_t kMaxLength = 63;
constexpr std::string_view kLmsPunctuation = "_-.~";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool Contains(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

bool HasIdLength(std::string_view id) { return !id.empty() && id.size() <= kMaxLength; }

}  // namespace

bool IsLmsId(std::string_view id) {
  return HasIdLength(id) && std::ranges::all_of(id, [](char c) {
           return IsLower(c) || IsUpper(c) || IsDigit(c) || Contains(kLmsPunctuation, c);
         });
}

bool IsStaffId(std::string_view id, std::string_view punctuation) {
  return HasIdLength(id) && IsLower(id.front()) && std::ranges::all_of(id, [&](char c) {
           return IsLower(c) || IsDigit(c) || Contains(punctuation, c);
         });
}

std::optional<int> ParseNumber(std::string_view text) {
  if (text.empty() || !IsDigit(text.front()) || text.front() == '0') return std::nullopt;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace lmsmail::resource_name
