#include "services/dispatch/rendering/mail_tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_replace.h"

#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/rendering/html_links.h"

namespace lmsmail::dispatch {
namespace {

// A mail with more links is a list; the rest stays as it is, so that tracking never makes a mail
// too large to be sent.
constexpr std::size_t kMaxLinks = 100;

// The one that is in the page: an attribute in either kind of quotes, or in none.
std::string EscapeAttribute(std::string_view url) {
  return absl::StrReplaceAll({url.data(), url.size()},
                             {{"&", "&amp;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// It is first in the body, because Gmail cuts a mail off at 102 KB, and the end of a long one never
// loads. The block has no height, so that nothing moves; `display: none` would keep some programs
// from loading the image at all.
std::string Pixel(std::string_view url) {
  return fmt::format(
      "<div style=\"height:0;max-height:0;line-height:0;font-size:0;overflow:hidden\">"
      "<img src=\"{}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\"></div>",
      EscapeAttribute(url));
}

}  // namespace

Measured MailTracking::Allowed(Category category, const Recipient& recipient) const {
  if (!recipient.tracking_allowed) return {};
  return {options_.opens.contains(category), options_.clicks.contains(category)};
}

bool MailTracking::IsOwn(std::string_view target, const Recipient& recipient) const {
  if (target == recipient.unsubscribe_url || target == recipient.preferences_url) return true;
  if (!target.starts_with(options_.public_url)) return false;
  const std::string_view path = target.substr(options_.public_url.size());
  constexpr std::array<std::string_view, 4> kPaths = {"/u/", "/p/", "/o/", "/c/"};
  return std::ranges::any_of(kPaths, [path](auto each) { return path.starts_with(each); });
}

std::vector<std::string> MailTracking::AddTo(std::string& html, MessageId id,
                                             const Recipient& recipient, Measured measured) const {
  std::vector<std::string> urls;
  if (!measured.any() || html.empty()) return urls;
  HtmlScan scan = ScanHtml(html);
  std::erase_if(scan.links, [&](const HtmlLink& link) { return IsOwn(link.target, recipient); });
  if (!measured.clicks) scan.links.clear();
  if (scan.links.size() > kMaxLinks) scan.links.resize(kMaxLinks);

  const std::string message = EncodeId(id);
  std::string tracked;
  tracked.reserve(html.size() + 512 + 256 * scan.links.size());
  std::size_t copied = 0;
  const auto copy_to = [&](std::size_t end) {
    tracked.append(html, copied, end - copied);
    copied = end;
  };
  const std::size_t body = scan.body.value_or(html.size());
  bool has_pixel = !measured.opens;
  const auto add_pixel = [&] {
    copy_to(body);
    urls.push_back(fmt::format("{}/o/{}", options_.public_url, links_.OpenToken(message)));
    tracked += Pixel(urls.back());
    has_pixel = true;
  };
  const int count = static_cast<int>(scan.links.size());
  for (int i = 0; i < count; ++i) {
    HtmlLink& link = scan.links[static_cast<std::size_t>(i)];
    if (!has_pixel && body <= link.begin) add_pixel();
    copy_to(link.begin);
    const std::string token = links_.ClickToken(
        {.message = message, .link = i + 1, .links = count, .target = std::move(link.target)});
    urls.push_back(fmt::format("{}/c/{}", options_.public_url, token));
    tracked += EscapeAttribute(urls.back());
    copied = link.end;
  }
  if (!has_pixel) add_pixel();
  copy_to(html.size());
  html = std::move(tracked);
  return urls;
}

}  // namespace lmsmail::dispatch
