#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/dkim/signer.h"
#include "libs/status/error_details.h"

namespace lmsmail::dispatch {

// The keys "dkim." and "transports.<name>.dkim.", which sign mail. All three or none are given.
struct DkimConfig {
  std::string domain;
  std::string selector;
  std::string private_key;  // PEM

  void Declare(config::Group keys);
  // `prefix` begins the keys.
  void Check(std::string_view prefix, Violations& violations) const;

  bool empty() const { return domain.empty() && selector.empty() && private_key.empty(); }
  // Whether a signature is aligned with mail from `address`: the same domain or a subdomain. This
  // is DMARC's relaxed alignment (RFC 7489 section 3.1.1) without a public suffix list.
  bool Covers(std::string_view address) const;

  absl::StatusOr<std::shared_ptr<const dkim::Signer>> ToSigner() const;

 private:
  std::string AsciiDomain() const;  // in A-labels
};

}  // namespace lmsmail::dispatch
