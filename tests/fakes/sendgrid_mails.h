#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/ledger.h"

namespace lmsmail::fakes {

// The mails of a request that CheckSendGridMail() has accepted: one for each recipient, with the
// substitutions of its personalization in subject, text and HTML.
std::vector<Mail> SendGridMails(const nlohmann::json& request, std::string_view provider_id,
                                const std::string& id_argument, Detail detail);

}  // namespace lmsmail::fakes
