#include "services/dispatch/rendering/tracking_config.h"

#include <utility>

#include "libs/token/key_ring.h"
#include "services/dispatch/message/category_list.h"

namespace lmsmail::dispatch {

void TrackingConfig::Declare(config::Group group) {
  group.StringList("opens", &opens,
                   "Categories of mail with a pixel that shows whether it is opened, such as "
                   "progress; a recipient who does not allow it gets none.");
  group.StringList("clicks", &clicks,
                   "Categories of mail whose links lead by way of the gateway, which shows whether "
                   "they are followed.");
  group.Secret("keys", &keys,
               "File of the secret keys of these links, lines of id:key as in the preference "
               "service. The gateway has the same. Required with opens or clicks.");
  group.Duration(
      "machine_delay", &machine_delay,
      "Opens and clicks this soon after a mail was sent are a program's, not a person's.",
      {absl::ZeroDuration(), absl::Minutes(10)});
}

void TrackingConfig::Check(Violations& violations) const {
  CheckCategories(opens, "tracking.opens", violations);
  CheckCategories(clicks, "tracking.clicks", violations);
  if (keys.empty()) {
    if (opens.empty() && clicks.empty()) return;
    violations.Add(
        "tracking.keys_file",
        "is required with tracking.opens or tracking.clicks, and the gateway needs the "
        "same. Create it once with: echo \"k1:$(openssl rand -hex 32)\" > tracking.keys");
  } else if (const auto ring = token::KeyRing::Parse(keys); !ring.ok()) {
    violations.Add("tracking.keys_file", std::string(ring.status().message()));
  }
}

std::unique_ptr<const MailTracking> TrackingConfig::ToTracking(std::string public_url) const {
  if (opens.empty() && clicks.empty()) return nullptr;
  return std::make_unique<const MailTracking>(
      tracking::Links(token::KeyRing::Parse(keys).value()),
      MailTracking::Options{.public_url = std::move(public_url),
                            .opens = CategoriesNamed(opens),
                            .clicks = CategoriesNamed(clicks)});
}

}  // namespace lmsmail::dispatch
