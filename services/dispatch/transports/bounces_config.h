#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/return_path/return_path.h"
#include "libs/status/error_details.h"

namespace lmsmail::dispatch {

// The keys "bounces.": an envelope sender for each mail. Both or none are given. They apply to
// transports of the kind smtp without an envelope_from: a provider has its own return path, and
// some servers, such as Gmail's, accept no other sender than the account.
struct BouncesConfig {
  std::string domain;
  std::string keys;

  void Declare(config::Group group);
  // `used`: whether they apply to any transport. `unguessable`: whether Message-IDs have a key.
  void Check(bool used, bool unguessable, Violations& violations) const;

  bool empty() const { return domain.empty() && keys.empty(); }

  // The methods below need keys that have no violation. In A-labels.
  std::string AsciiDomain() const;
  // Null if none are given.
  absl::StatusOr<std::shared_ptr<const return_path::ReturnPaths>> ToReturnPaths() const;
};

}  // namespace lmsmail::dispatch
