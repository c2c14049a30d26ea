#include "services/dispatch/transports/provider_config.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"

#include "libs/secret_file/secret_file.h"
#include "services/dispatch/transports/mailgun_api.h"
#include "services/dispatch/transports/sendgrid_api.h"
#include "services/dispatch/transports/transport_config.h"

namespace lmsmail::dispatch {
namespace {

std::string_view DefaultUrl(ProviderConfig::Provider provider, ProviderConfig::Region region) {
  const bool eu = region == ProviderConfig::Region::kEu;
  if (provider == ProviderConfig::Provider::kSendGrid) {
    return eu ? "https://api.eu.sendgrid.com" : "https://api.sendgrid.com";
  }
  return eu ? "https://api.eu.mailgun.net" : "https://api.mailgun.net";
}

}  // namespace

void ProviderConfig::Declare(config::Group keys) {
  keys.String("api_key_file", &api_key_file,
              "Path of a file with the provider's API key, for the kinds sendgrid and mailgun; it "
              "is read again for each request.");
  keys.Enum("region", &region, {{"us", Region::kUs}, {"eu", Region::kEu}},
            "Where the provider keeps the account's data.");
  keys.String("base_url", &base_url,
              "The root of the provider's API; empty: that of the region. Must be https unless it "
              "is on this machine.");
  keys.String("domain", &domain, "The sending domain at Mailgun.");
}

void ProviderConfig::Check(Provider provider, std::string_view prefix,
                           Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  if (api_key_file.empty()) {
    violations.Add(key("api_key_file"), "is required for the kinds sendgrid and mailgun");
  } else if (const auto api_key = ReadApiKey(); !api_key.ok()) {
    violations.Add(key("api_key_file"), std::string(api_key.status().message()));
  }
  if (const auto url = UrlOf(provider); !url.ok()) {
    violations.Add(key("base_url"), std::string(url.status().message()));
  }
  const bool mailgun = provider == Provider::kMailgun;
  if (mailgun != !domain.empty()) {
    violations.Add(key("domain"), mailgun ? "is required for the kind mailgun: the sending domain"
                                          : "is only for the kind mailgun");
  } else if (mailgun && !ParseSenderAddress("postmaster@" + domain).ok()) {
    violations.Add(key("domain"), "must be a domain such as mg.school.example");
  }
}

absl::StatusOr<http_client::BaseUrl> ProviderConfig::UrlOf(Provider provider) const {
  return http_client::ParseBaseUrl(base_url.empty() ? DefaultUrl(provider, region) : base_url);
}

std::unique_ptr<ProviderApi> ProviderConfig::ToApi(Provider provider,
                                                   const http_client::BaseUrl& url,
                                                   const SenderIdentity& sender) const {
  if (provider == Provider::kSendGrid) return std::make_unique<SendGridApi>(url.url, sender);
  return std::make_unique<MailgunApi>(url.url, domain);
}

absl::StatusOr<std::string> ProviderConfig::ReadApiKey() const {
  if (absl::Status status = CheckSecretFile(api_key_file); !status.ok()) return status;
  std::ifstream file(api_key_file);
  std::string key{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  absl::StripAsciiWhitespace(&key);
  const bool plain = std::ranges::all_of(key, absl::ascii_isgraph);
  if (file && plain && !key.empty()) return key;
  return absl::FailedPreconditionError(
      fmt::format("cannot be used: {} must be a readable file with one API key", api_key_file));
}

}  // namespace lmsmail::dispatch
