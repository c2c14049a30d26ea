#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "libs/render/values.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// What every mail says about the school. Empty values are left out of contexts, so that a
// template's section for them stays closed.
struct SiteIdentity {
  std::string name;
  std::string url;
  std::string postal_address;
  std::string domain;  // ends List-Id and Feedback-ID
};

// The variables that senders need not give, since dispatch knows them: site_name, site_url,
// postal_address, unsubscribe_url, preferences_url, user.first_name, user.full_name, user.email.
// Added to `provided`, which is empty.
void AddProvided(const SiteIdentity& site, const Recipient& recipient, render::Object& provided);

// The same with made-up values for all of them.
const google::protobuf::Struct& EverythingProvided();

}  // namespace lmsmail::dispatch
