#pragma once

#include <string>
#include <vector>

namespace lmsmail::dispatch {

// A mail in the parts of which a provider builds the message. UTF-8.
struct MailParts {
  std::string category;  // "progress"
  std::string recipient_name;
  std::string subject;
  std::string text;
  std::string html;
  // Values in `text` and `html` by which mails with the same template probably differ, such as
  // links and names. Empty ones keep the positions of the others.
  std::vector<std::string> personal_values;
};

}  // namespace lmsmail::dispatch
