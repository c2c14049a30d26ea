#pragma once

#include <string_view>

namespace lmsmail::gateway {

// Who loads the pixel of a mail or follows one of its links, as far as the request shows it. This
// is all that is kept of a request: neither its address nor its agent.
enum class Visitor {
  kPerson,
  kPrefetch,  // a mail program or browser, before anybody looks
  kBot,       // a scanner for malware, a preview, a crawler
  kHead,      // asked with HEAD, as no mail program and no browser does
};

std::string_view NameOf(Visitor visitor);  // in metrics

struct RequestHints {
  bool head = false;
  std::string_view user_agent = {};
  std::string_view purpose = {};  // Sec-Purpose, or one of its older names
};

Visitor VisitorOf(const RequestHints& hints);

inline bool IsMachine(Visitor visitor) { return visitor != Visitor::kPerson; }

}  // namespace lmsmail::gateway
