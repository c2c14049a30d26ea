#include "services/dispatch/message/recipient_domain.h"

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {

absl::StatusOr<std::string> CanonicalDomain(const std::string& domain) {
  LMSMAIL_ASSIGN_OR_RETURN(const address::EmailAddress address,
                           address::ParseEmailAddress("postmaster@" + domain));
  return address.domain;
}

}  // namespace lmsmail::dispatch
