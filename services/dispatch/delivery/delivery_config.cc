#include "services/dispatch/delivery/delivery_config.h"

#include <algorithm>

#include "services/dispatch/message/category_list.h"

namespace lmsmail::dispatch {
DeliveryConfig::DeliveryConfig()
    : resend_uncertain(NamesOf(DeliveryPolicy().resend_uncertain)),
      resend_recovered(NamesOf(DeliveryPolicy().resend_recovered)) {}

void DeliveryConfig::Declare(config::Group keys) {
  const config::Range<absl::Duration> backoffs{absl::Milliseconds(1), absl::Hours(24)};
  keys.Int32("max_resends", &max_resends,
             "How often a mail of resend_uncertain is sent again at most.", {0, 100});
  keys.Duration("min_backoff", &min_backoff,
                "Backoff after the first temporary refusal; doubles with each.", backoffs);
  keys.Duration("max_backoff", &max_backoff, "The longest backoff.", backoffs);
  keys.Duration("greylist_backoff", &greylist_backoff,
                "The shortest backoff after greylisting (451 4.7.1).", backoffs);
  keys.Duration("uncertain_backoff", &uncertain_backoff,
                "Backoff before a mail of resend_uncertain is sent again.", backoffs);
  keys.Duration("peer_backoff", &peer_backoff,
                "The shortest backoff while the preference or template service is unavailable.",
                backoffs);
  keys.StringList("resend_uncertain", &resend_uncertain,
                  "Categories that are sent again when the server's reply was lost; mail of other "
                  "categories becomes UNCERTAIN.");
  keys.StringList("resend_recovered", &resend_recovered,
                  "Categories that are sent again when a worker died while it held the mail; mail "
                  "of other categories becomes UNCERTAIN.");
}

void DeliveryConfig::Check(Violations& violations) const {
  CheckCategories(resend_uncertain, "delivery.resend_uncertain", violations);
  CheckCategories(resend_recovered, "delivery.resend_recovered", violations);
  if (max_backoff < min_backoff) {
    violations.Add("delivery.max_backoff", "must not be shorter than delivery.min_backoff");
  }
}

DeliveryPolicy DeliveryConfig::ToPolicy() const {
  DeliveryPolicy policy;
  policy.max_resends = max_resends;
  policy.backoff = {.initial = min_backoff, .max = max_backoff};
  policy.greylist_backoff = greylist_backoff;
  policy.uncertain_backoff = uncertain_backoff;
  policy.peer_backoff.initial = peer_backoff;
  policy.peer_backoff.max = std::max(peer_backoff, policy.peer_backoff.max);
  policy.resend_uncertain = CategoriesNamed(resend_uncertain);
  policy.resend_recovered = CategoriesNamed(resend_recovered);
  return policy;
}

}  // namespace lmsmail::dispatch
