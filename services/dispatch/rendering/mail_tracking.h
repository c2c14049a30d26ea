#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libs/category/category.h"
#include "libs/tracking/links.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// What is measured of a mail.
struct Measured {
  bool opens = false;
  bool clicks = false;

  bool any() const { return opens || clicks; }
  bool operator==(const Measured&) const = default;
};

// Puts into the HTML of mails what measures opens and clicks: a pixel, and links that lead by way
// of the gateway. The text part stays as it is. Immutable and thread-safe.
class MailTracking {
 public:
  struct Options {
    std::string public_url;  // of the gateway, without a trailing slash
    std::set<Category> opens;
    std::set<Category> clicks;
  };
  MailTracking(tracking::Links links, Options options)
      : links_(std::move(links)), options_(std::move(options)) {}

  // What may be measured of a mail of `category` to `recipient` now.
  Measured Allowed(Category category, const Recipient& recipient) const;

  // Returns the URLs that it put in. The same mail gets the same ones. Never rewrites the links by
  // which the recipient unsubscribes: they must work even if nobody measures any more.
  std::vector<std::string> AddTo(std::string& html, MessageId id, const Recipient& recipient,
                                 Measured measured) const;

 private:
  bool IsOwn(std::string_view target, const Recipient& recipient) const;

  tracking::Links links_;
  Options options_;
};

}  // namespace lmsmail::dispatch
