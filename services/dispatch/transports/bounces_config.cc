#include "services/dispatch/transports/bounces_config.h"

#include <utility>

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {
namespace {

// As long as the longest that is made.
const std::string& LongestLocalPart() {
  static const std::string& local = *new std::string(62, 'x');
  return local;
}

}  // namespace

void BouncesConfig::Declare(config::Group group) {
  group.String("domain", &domain,
               "Gives each mail its own envelope sender at this domain, whose mail server passes "
               "what comes back to lmsmail-bounce; empty: bounces go to envelope_from. For "
               "transports of the kind smtp that have no envelope_from.");
  group.Secret("keys", &keys,
               "File of secret keys, lines of id:key, the same as bounces.keys_file of the "
               "gateway; the first one seals these addresses.");
}

void BouncesConfig::Check(bool used, bool unguessable, Violations& violations) const {
  if (empty()) return;
  if (domain.empty() != keys.empty()) {
    violations.Add(domain.empty() ? "bounces.domain" : "bounces.keys_file",
                   "is required: bounces.domain and bounces.keys_file need each other");
  }
  if (!domain.empty()) {
    const auto address = address::ParseEmailAddress(LongestLocalPart() + "@" + domain);
    if (!address.ok()) {
      violations.Add("bounces.domain",
                     "must be a domain such as bounces.school.example, of at most 191 octets");
    } else if (!used) {
      violations.Add("bounces.domain",
                     "has no effect: no transport is of the kind smtp without an envelope_from");
    }
  }
  if (keys.empty()) return;
  if (const auto ring = token::KeyRing::Parse(keys); !ring.ok()) {
    violations.Add("bounces.keys_file", std::string(ring.status().message()));
  }
  if (!unguessable) {
    violations.Add("keys_file",
                   "is required with bounces.domain: complaints name mail by its Message-ID, which "
                   "can be guessed without a key");
  }
}

std::string BouncesConfig::AsciiDomain() const {
  const auto address = address::ParseEmailAddress("postmaster@" + domain);
  return address.ok() ? address->domain : "";
}

absl::StatusOr<std::shared_ptr<const return_path::ReturnPaths>> BouncesConfig::ToReturnPaths()
    const {
  if (empty()) return nullptr;
  LMSMAIL_ASSIGN_OR_RETURN(token::KeyRing ring, token::KeyRing::Parse(keys));
  return std::make_shared<const return_path::ReturnPaths>(std::move(ring));
}

}  // namespace lmsmail::dispatch
