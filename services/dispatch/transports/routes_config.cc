#include "services/dispatch/transports/routes_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

#include "libs/strings/view.h"
#include "services/dispatch/message/category_list.h"
#include "services/dispatch/message/recipient_domain.h"

namespace lmsmail::dispatch {
namespace {

constexpr int kMaxWeight = 1000;

std::string Strip(std::string_view text) {
  return std::string(ToStd(absl::StripAsciiWhitespace(ToAbsl(text))));
}

// "sendgrid=3"; without a number, the weight is 1. nullopt: the weight is not valid.
std::optional<Route::Share> ParseShare(std::string_view text) {
  const std::size_t equals = text.find('=');
  Route::Share share{.transport = Strip(text.substr(0, equals))};
  if (equals == std::string_view::npos) return share;
  if (!absl::SimpleAtoi(Strip(text.substr(equals + 1)), &share.weight) || share.weight < 0 ||
      share.weight > kMaxWeight) {
    return std::nullopt;
  }
  return share;
}

void ParseDomains(const std::vector<std::string>& names, Route& route, Violations& violations) {
  for (const std::string& name : names) {
    auto canonical = CanonicalDomain(name);
    if (canonical.ok()) {
      route.domains.insert(*std::move(canonical));
    } else {
      violations.Add("recipient_domains",
                     fmt::format("\"{}\" is not a valid recipient domain", name));
    }
  }
}

void ParseShares(const std::vector<std::string>& texts, Route& route, Violations& violations) {
  const auto is_named = [&](const std::string& name) {
    return std::ranges::count(route.transports, name, &Route::Share::transport) > 0;
  };
  for (const std::string& text : texts) {
    std::optional<Route::Share> share = ParseShare(text);
    if (!share) {
      violations.Add("transports", fmt::format("the weight in \"{}\" must be a number from 0 to {}",
                                               text, kMaxWeight));
    } else if (is_named(share->transport)) {
      violations.Add("transports", fmt::format("names \"{}\" twice", share->transport));
    } else {
      route.transports.push_back(*std::move(share));
    }
  }
}

// The fields of violations are the last parts of the keys.
Route Parse(const std::string& name, const RoutesConfig::Keys& keys, Violations& violations) {
  Route route{.name = name, .categories = CategoriesNamed(keys.categories), .transports = {}};
  CheckCategories(keys.categories, "categories", violations);
  ParseDomains(keys.recipient_domains, route, violations);
  ParseShares(keys.transports, route, violations);
  return route;
}

void CheckTransports(const Route& route, const std::set<std::string>& known,
                     Violations& violations) {
  for (const Route::Share& share : route.transports) {
    if (known.contains(share.transport)) continue;
    violations.Add("transports", fmt::format("\"{}\" is not a configured transport; they are {}",
                                             share.transport, fmt::join(known, ", ")));
  }
  if (!violations.empty()) return;
  if (std::ranges::all_of(route.transports, [](const auto& share) { return share.weight == 0; })) {
    violations.Add("transports",
                   "must name at least one transport with a weight above 0: "
                   "sendgrid=3,mailgun=1");
  }
}

}  // namespace

void RoutesConfig::Declare(config::Group root) {
  root.Section("routes", [this](const std::string& name, config::Group keys) {
    Keys& route = routes[name];
    keys.StringList("categories", &route.categories,
                    "Categories of mail that take this route; empty: all.");
    keys.StringList("recipient_domains", &route.recipient_domains,
                    "Recipient domains that it is for, without their subdomains; empty: all.");
    keys.StringList("transports", &route.transports,
                    "The transports that share its mail, with their weights (1 if left out): "
                    "sendgrid=3,mailgun=1. Each takes the mail of one that is not available; one "
                    "with the weight 0 does only that.");
  });
}

void RoutesConfig::Check(const std::set<std::string>& transports, Violations& violations) const {
  std::vector<Route> valid;
  for (const auto& [name, keys] : routes) {
    Violations own;
    Route route = Parse(name, keys, own);
    CheckTransports(route, transports, own);
    violations.AddNested("routes." + name, own);
    if (!own.empty()) continue;
    for (const Route& other : valid) {
      if (!Conflict(route, other)) continue;
      violations.Add("routes." + name,
                     fmt::format("and routes.{} are for the same mail, and neither is more "
                                 "specific: give one of them other categories or "
                                 "recipient_domains",
                                 other.name));
    }
    valid.push_back(std::move(route));
  }
}

Routing RoutesConfig::ToRouting() const {
  std::vector<Route> all;
  for (const auto& [name, keys] : routes) {
    Violations none;
    all.push_back(Parse(name, keys, none));
  }
  return Routing(std::move(all));
}

}  // namespace lmsmail::dispatch
