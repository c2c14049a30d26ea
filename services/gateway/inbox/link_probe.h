#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/http_client/client.h"

namespace lmsmail::gateway {

// Asks servers whether a link leads somewhere. Thread-safe.
class LinkProbe {
 public:
  static absl::StatusOr<LinkProbe> Create();

  // What each server answers to HEAD, which changes nothing and counts as no visit: empty for a
  // page or a redirect, else what is wrong. Takes a few seconds at most.
  std::vector<std::string> Ask(const std::vector<std::string>& urls) const;

 private:
  explicit LinkProbe(std::unique_ptr<http_client::Client> client) : client_(std::move(client)) {}

  std::unique_ptr<http_client::Client> client_;
};

}  // namespace lmsmail::gateway
