#pragma once

#include <optional>

#include "libs/http_server/message.h"
#include "services/gateway/inbox/link_probe.h"
#include "services/gateway/inbox/mail_files.h"
#include "services/gateway/pages/inbox_pages.h"

namespace lmsmail::gateway {

// Shows the mails that arrived in the inbox of a development machine. Blocks. Thread-safe. The
// arguments of the constructor must outlive it.
class InboxHandlers {
 public:
  InboxHandlers(const MailFiles& files, const LinkProbe& probe, const InboxPages& pages)
      : files_(files), probe_(probe), pages_(pages) {}

  // GET /inbox, 50 mails a page; "?before=NUMBER" is the page of older ones.
  http_server::Response List(const http_server::Request& request) const;
  // GET /inbox/{number}; the query chooses its view, width and colours.
  http_server::Response Show(const http_server::Request& request) const;
  // GET /inbox/{number}/html: the HTML part alone, without the rights of this site, in the colours
  // that the query asks for.
  http_server::Response Html(const http_server::Request& request) const;

 private:
  struct Found {
    int number = 0;
    StoredMail mail;
  };

  absl::StatusOr<Found> Find(const http_server::Request& request) const;
  std::vector<MailLink> CheckedLinks(const StoredMail& mail) const;
  http_server::Response Page(std::string html) const;

  const MailFiles& files_;
  const LinkProbe& probe_;
  const InboxPages& pages_;
};

}  // namespace lmsmail::gateway
