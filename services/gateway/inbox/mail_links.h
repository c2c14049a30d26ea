#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/gateway/inbox/stored_mail.h"

namespace lmsmail::gateway {

// A link of a mail.
struct MailLink {
  std::string target;
  std::string label = {};    // what the reader of the HTML part sees
  std::string place = {};    // "HTML", "text", "List-Unsubscribe"
  std::string problem = {};  // what is wrong with the target as written; empty: nothing

  // Whether its server runs on this machine, so that it may be asked: nobody else is bothered by
  // a look at the inbox.
  bool IsLocal() const;
};

// The links of the HTML part, the text part and List-Unsubscribe, each target once a place.
std::vector<MailLink> LinksOf(const StoredMail& mail);

// What is wrong with a target: a placeholder that was not filled in, a relative one, one without
// TLS beyond this machine. Empty if nothing is.
std::string ProblemOf(const std::string& target);

}  // namespace lmsmail::gateway
