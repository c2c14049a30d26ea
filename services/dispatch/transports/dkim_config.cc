#include "services/dispatch/transports/dkim_config.h"

#include <fmt/format.h>

#include "absl/strings/match.h"

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::dispatch {

void DkimConfig::Declare(config::Group keys) {
  keys.String("domain", &domain,
              "Signs mail from this domain and its subdomains with DKIM; empty: unsigned.");
  keys.String(
      "selector", &selector,
      "The selector of the key, whose public half is in DNS at <selector>._domainkey.<domain>.");
  keys.Secret("private_key", &private_key,
              "PEM file of the key. RSA costs 264 us of CPU a mail at 2048 bits and every receiver "
              "verifies it; Ed25519 costs a sixth and many receivers ignore it.");
}

void DkimConfig::Check(std::string_view prefix, Violations& violations) const {
  if (empty()) return;
  if (domain.empty() || selector.empty() || private_key.empty()) {
    violations.Add(fmt::format("{}dkim.domain", prefix),
                   "selector and private_key_file require each other");
    return;
  }
  const auto signer = dkim::Signer::Create(AsciiDomain(), selector, private_key);
  if (!signer.ok()) {
    violations.Add(fmt::format("{}dkim.private_key_file", prefix),
                   std::string(signer.status().message()));
  }
}

bool DkimConfig::Covers(std::string_view address) const {
  const std::string_view from = address.substr(address.rfind('@') + 1);
  const std::string own = AsciiDomain();
  return !empty() && (absl::EqualsIgnoreCase(ToAbsl(from), own) ||
                      absl::EndsWithIgnoreCase(ToAbsl(from), "." + own));
}

std::string DkimConfig::AsciiDomain() const {
  const auto address = address::ParseEmailAddress("postmaster@" + domain);
  return address.ok() ? address->domain : domain;
}

absl::StatusOr<std::shared_ptr<const dkim::Signer>> DkimConfig::ToSigner() const {
  LMSMAIL_ASSIGN_OR_RETURN(dkim::Signer signer,
                           dkim::Signer::Create(AsciiDomain(), selector, private_key));
  return std::make_shared<const dkim::Signer>(std::move(signer));
}

}  // namespace lmsmail::dispatch
