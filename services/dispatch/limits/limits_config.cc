#include "services/dispatch/limits/limits_config.h"

#include <fmt/format.h>

#include <utility>

#include "services/dispatch/message/recipient_domain.h"
#include "services/dispatch/transports/rate_config.h"

namespace lmsmail::dispatch {
void LimitsConfig::Declare(config::Group keys) {
  keys.Section("domains", [this](const std::string& name, config::Group entry) {
    Domains& group = domains[name];
    entry.StringList("match", &group.match,
                     "Recipient domains that share this limit: gmail.com,googlemail.com.");
    DeclareRate(entry, "those domains", group.rule);
  });
  DeclareRate(keys.Sub("other_domain"), "each domain that limits.domains does not name",
              other_domain);
  DeclareRate(keys.Sub("batch"), "the recipients of one batch, whose sender may ask for less",
              batch);
}

void LimitsConfig::Check(Violations& violations) const {
  std::map<std::string, std::string> seen;
  for (const auto& [name, group] : domains) {
    const std::string key = fmt::format("limits.domains.{}.match", name);
    if (group.match.empty()) violations.Add(key, "must name at least one domain");
    for (const std::string& domain : group.match) {
      const auto canonical = CanonicalDomain(domain);
      if (!canonical.ok()) {
        violations.Add(key, fmt::format("\"{}\" is not a valid recipient domain", domain));
        continue;
      }
      const auto [other, is_new] = seen.emplace(*canonical, name);
      if (!is_new) {
        violations.Add(
            key, fmt::format("\"{}\" is already in limits.domains.{}", domain, other->second));
      }
    }
  }
}

LimitRules LimitsConfig::ToRules() const {
  LimitRules rules;
  rules.other_domain = other_domain;
  rules.batch = batch;
  for (const auto& [name, group] : domains) {
    LimitRules::DomainGroup& made = rules.domain_groups[name];
    made.rule = group.rule;
    for (const std::string& domain : group.match) {
      if (auto canonical = CanonicalDomain(domain); canonical.ok()) {
        made.domains.insert(*std::move(canonical));
      }
    }
  }
  return rules;
}

}  // namespace lmsmail::dispatch
