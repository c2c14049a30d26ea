#include "services/gateway/tracking/visitor.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

// Parts of the agents of programs, in lower case. Many scanners pretend to be browsers; dispatch
// tells those apart by their haste. Not here, because a person is behind it: the image proxies of
// Gmail (GoogleImageProxy) and Yahoo (YahooMailProxy), which load an image when a mail is opened,
// and libraries that mail programs use (okhttp, CFNetwork, Microsoft Office).
constexpr std::array<std::string_view, 38> kBots = {
    "crawl",      "spider",     "slurp",       "preview",  "scan",
    "monitor",    "headless",   "phantomjs",   "selenium", "playwright",
    "puppeteer",  "curl/",      "wget",        "python",   "libwww",
    "go-http",    "java/",      "apache-http", "axios",    "node-fetch",
    "ruby",       "perl",       "php/",        "httpie",   "facebookexternalhit",
    "whatsapp",   "barracuda",  "proofpoint",  "mimecast", "symantec",
    "trendmicro", "forcepoint", "cloudmark",   "ironport", "sophos",
    "zscaler",    "fireeye",    "safelinks"};

// "bot" is the end of a word in "Googlebot/2.1" and "(bot; ...)", but CUBOT makes phones.
bool HasBot(std::string_view agent) {
  for (std::size_t at = agent.find("bot"); at != std::string_view::npos;
       at = agent.find("bot", at + 3)) {
    const bool ends =
        at + 3 == agent.size() || !absl::ascii_isalpha(static_cast<unsigned char>(agent[at + 3]));
    if (ends && !agent.substr(0, at).ends_with("cu")) return true;
  }
  return false;
}

}  // namespace

std::string_view NameOf(Visitor visitor) {
  switch (visitor) {
    case Visitor::kPerson:
      return "person";
    case Visitor::kPrefetch:
      return "prefetch";
    case Visitor::kBot:
      return "bot";
    case Visitor::kHead:
      return "head";
  }
  return "";
}

Visitor VisitorOf(const RequestHints& hints) {
  if (hints.head) return Visitor::kHead;
  const std::string purpose = absl::AsciiStrToLower(ToAbsl(hints.purpose));
  if (purpose.find("prefetch") != std::string::npos || purpose == "preview") {
    return Visitor::kPrefetch;
  }
  // Apple's Mail Privacy Protection loads all images when a mail arrives, as exactly this agent.
  if (hints.user_agent == "Mozilla/5.0") return Visitor::kPrefetch;
  // Mail programs and browsers all have a name.
  if (hints.user_agent.empty()) return Visitor::kBot;
  const std::string agent = absl::AsciiStrToLower(ToAbsl(hints.user_agent));
  const bool known = std::ranges::any_of(
      kBots, [&agent](std::string_view each) { return agent.find(each) != std::string::npos; });
  return known || HasBot(agent) ? Visitor::kBot : Visitor::kPerson;
}

}  // namespace lmsmail::gateway
