#include "services/gateway/inbox/html_preview.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

constexpr std::string_view kFeature = "prefers-color-scheme";
constexpr std::string_view kAlways = "min-width: 0";
constexpr std::string_view kNever = "max-width: 0";

bool StartsWithFeature(std::string_view css) {
  return absl::StartsWithIgnoreCase(ToAbsl(css), ToAbsl(kFeature));
}

void SkipSpace(std::string_view& css) {
  while (!css.empty() && absl::ascii_isspace(static_cast<unsigned char>(css[0]))) {
    css.remove_prefix(1);
  }
}

// Removes a feature from the front of `css` and returns its value, "dark"; empty if it has none.
std::string_view TakeFeature(std::string_view& css) {
  std::string_view rest = css.substr(kFeature.size());
  SkipSpace(rest);
  if (!rest.starts_with(':')) return "";
  rest.remove_prefix(1);
  SkipSpace(rest);
  const auto* const end = std::ranges::find_if_not(
      rest, [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
  const std::string_view value = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (!value.empty()) css = rest.substr(value.size());
  return value;
}

}  // namespace

std::string PreviewOf(std::string_view html, bool dark) {
  const std::string_view scheme = dark ? "dark" : "light";
  std::string changed;
  while (!html.empty()) {
    if (StartsWithFeature(html)) {
      if (const std::string_view value = TakeFeature(html); !value.empty()) {
        changed += absl::EqualsIgnoreCase(ToAbsl(value), ToAbsl(scheme)) ? kAlways : kNever;
        continue;
      }
    }
    changed += html[0];
    html.remove_prefix(1);
  }
  // At the end, where it changes neither the document's mode nor its head. The style is for what
  // the mail leaves to the browser.
  changed += "<base target=\"_blank\">";
  changed += "<style>:root { color-scheme: only ";
  changed += scheme;
  changed += " !important; }</style>\n";
  return changed;
}

}  // namespace lmsmail::gateway
