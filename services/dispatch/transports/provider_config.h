#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/http_client/base_url.h"
#include "libs/status/error_details.h"
#include "services/dispatch/transports/provider_api.h"

namespace lmsmail::dispatch {

// The keys of a transport that only the kinds sendgrid and mailgun have.
struct ProviderConfig {
  enum class Provider { kSendGrid, kMailgun };
  enum class Region { kUs, kEu };

  std::string api_key_file;  // path
  Region region = Region::kUs;
  std::string base_url;  // empty: that of the provider's region
  std::string domain;    // of Mailgun

  void Declare(config::Group keys);
  // `prefix` begins the keys: "transports.sendgrid.".
  void Check(Provider provider, std::string_view prefix, Violations& violations) const;

  // Of a configuration without violations.
  absl::StatusOr<http_client::BaseUrl> UrlOf(Provider provider) const;
  std::unique_ptr<ProviderApi> ToApi(Provider provider, const http_client::BaseUrl& url,
                                     const SenderIdentity& sender) const;
  // The content of the file without white space around it. It is read for every request, so that a
  // new key needs no restart.
  absl::StatusOr<std::string> ReadApiKey() const;
};

}  // namespace lmsmail::dispatch
