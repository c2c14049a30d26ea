#include "libs/tracking/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::tracking {
namespace {

// The purposes of tokens: one that was sealed for the pixel is no link, and the reverse.
constexpr char kOpen[] = "open";
constexpr char kClick[] = "click";

bool IsMessage(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

// Takes the part before the next dot from the front.
std::optional<std::string_view> TakePart(std::string_view& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, dot);
  text.remove_prefix(dot + 1);
  return part;
}

bool TakeNumber(std::string_view& text, int& number) {
  const auto part = TakePart(text);
  if (!part) return false;
  const char* const end = part->data() + part->size();
  const auto [parsed, error] = std::from_chars(part->data(), end, number);
  return error == std::errc() && parsed == end;
}

}  // namespace

bool IsTarget(std::string_view url) {
  if (url.size() > kMaxTarget) return false;
  std::size_t host = 0;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (absl::StartsWithIgnoreCase(ToAbsl(url), ToAbsl(scheme))) host = scheme.size();
  }
  if (host == 0 || host == url.size() ||
      std::string_view("/?#\\").find(url[host]) != std::string_view::npos) {
    return false;
  }
  return std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string Links::OpenToken(std::string_view message) const { return keys_.Seal(kOpen, message); }

std::string Links::ClickToken(const Click& click) const {
  return keys_.Seal(
      kClick, fmt::format("{}.{}.{}.{}", click.message, click.link, click.links, click.target));
}

std::optional<std::string> Links::ParseOpen(std::string_view token) const {
  auto message = keys_.Open(kOpen, token);
  if (!message.ok() || !IsMessage(*message)) return std::nullopt;
  return *std::move(message);
}

std::optional<Click> Links::ParseClick(std::string_view token) const {
  const auto payload = keys_.Open(kClick, token);
  if (!payload.ok()) return std::nullopt;
  std::string_view rest = *payload;
  Click click;
  const auto message = TakePart(rest);
  if (!message || !IsMessage(*message) || !TakeNumber(rest, click.link) ||
      !TakeNumber(rest, click.links) || !IsTarget(rest)) {
    return std::nullopt;
  }
  click.message = *message;
  click.target = rest;
  return click;
}

}  // namespace lmsmail::tracking
