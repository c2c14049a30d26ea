#pragma once

#include <string>
#include <vector>

#include "libs/render/values.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// The values by which a mail probably differs from others with the same template: links, names and
// the address of the recipient, and the texts in the mail's own context. Always in the same order;
// empty where a text is too short to be found in other words' place, as "a" would be.
std::vector<std::string> PersonalValues(const Recipient& recipient, const render::Object& own);

// Adds the texts that were written for the recipient, such as dates, each once.
void AddWritten(const std::vector<std::string>& written, std::vector<std::string>& values);

}  // namespace lmsmail::dispatch
