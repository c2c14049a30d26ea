#pragma once

#include "libs/http_server/options.h"
#include "libs/identity/caller_directory.h"

namespace lmsmail::gateway {

// Lets only callers with a known bearer token use a listener. What they may do there is decided by
// the services, which get the token too. Health checks are exempt.
class CallerGuard {
 public:
  // Null: everybody may use it. Otherwise it must outlive this.
  explicit CallerGuard(identity::CallerDirectory* callers) : callers_(callers) {}

  // `admit` with this rule before it, so that the bodies of others are not read. The result refers
  // to this object.
  http_server::Admit Guard(http_server::Admit admit) const;

 private:
  identity::CallerDirectory* const callers_;
};

}  // namespace lmsmail::gateway
