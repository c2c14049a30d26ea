#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/dkim/signer.h"
#include "libs/status/error_details.h"

namespace lmsmail::dispatch {

// The keys "dkim." and "transports.<name>.dkim.": how mail is signed. All three or none.
struct DkimConfig {
  std::string domain;
  std::string selector;
  std::string private_key;  // PEM

  void Declare(config::Group keys);
  // `prefix` is what the keys begin with.
  void Check(std::string_view prefix, Violations& violations) const;

  bool empty() const { return domain.empty() && selector.empty() && private_key.empty(); }
  // Whether a signature counts for mail from `address` (DMARC's relaxed alignment, RFC 7489 section
  // 3.1.1, without a list of public suffixes: the same domain or one below).
  bool Covers(std::string_view address) const;

  absl::StatusOr<std::shared_ptr<const dkim::Signer>> ToSigner() const;
};

}  // namespace lmsmail::dispatch
