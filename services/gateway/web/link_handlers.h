#pragma once

#include "absl/status/statusor.h"

#include "libs/http_server/message.h"
#include "services/gateway/links/link.h"
#include "services/gateway/pages/pages.h"

namespace lmsmail::gateway {

// Answers the requests to the links of a mail: /u/{token} and /p/{token}. Only POST changes
// anything: programs that look for malware follow every link. Blocks. Thread-safe. The arguments of
// the constructor must outlive it.
class LinkHandlers {
 public:
  LinkHandlers(LinkPreferences& links, const Pages& pages) : links_(links), pages_(pages) {}

  // GET of a link.
  http_server::Response ShowPage(LinkKind kind, const http_server::Request& request);
  // POST of an unsubscribe link, by a mail client (RFC 8058). Answers in plain text, without a
  // redirect, and the same however often it is repeated.
  http_server::Response OneClick(const http_server::Request& request);
  // POST of a form of the page, to <link>/preferences. Sends the browser back to the page.
  http_server::Response Change(LinkKind kind, const http_server::Request& request);

 private:
  absl::StatusOr<Link> Resolve(LinkKind kind, const http_server::Request& request);
  http_server::Response ErrorPage(const absl::Status& status, const http_server::Request& request);
  http_server::Response MessagePage(int status, Message message,
                                    const http_server::Request& request);

  LinkPreferences& links_;
  const Pages& pages_;
};

}  // namespace lmsmail::gateway
