#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "libs/render/values.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// The school as every mail names it. Empty values are left out of contexts, so that a template's
// section for them is not rendered.
struct SiteIdentity {
  std::string name;
  std::string url;
  std::string postal_address;
  std::string domain;  // of List-Id
  std::string logo_url = "";
  std::string color = "";  // "#0b6b61"
  std::string support_address = "";
};

// Adds the variables that dispatch provides to `provided`, which must be empty: site_name,
// site_url, site_logo_url, site_color, support_address, postal_address, unsubscribe_url,
// preferences_url, user.first_name, user.full_name, user.username and user.email.
void AddProvidedContext(const SiteIdentity& site, const Recipient& recipient, const Target& target,
                        render::Object& provided);

// Whether a variable is dispatch's alone: who the mail is for, who sends it, and how to stop it.
// Contexts must not have it. The others are only defaults.
bool IsReserved(std::string_view name);

// The same variables with placeholder values, for validation.
const google::protobuf::Struct& SampleProvidedContext();

}  // namespace lmsmail::dispatch
