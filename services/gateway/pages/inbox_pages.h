#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/gateway/inbox/mail_links.h"
#include "services/gateway/inbox/stored_mail.h"

namespace lmsmail::gateway {

struct InboxRow {
  int number = 0;
  std::string subject = {};
  std::string to = {};
  absl::Time arrived = {};
};

struct InboxList {
  std::vector<InboxRow> rows = {};  // of this page, the latest first
  int total = 0;
  std::optional<int> older = std::nullopt;  // the next page begins before this number
  bool is_first = true;
};

enum class MailView { kHtml, kText, kHeaders, kSource, kLinks };

// What a page of a mail shows, as its query says.
struct MailPage {
  int number = 0;
  MailView view = MailView::kHtml;
  bool phone = false;  // the width of the HTML part
  bool dark = false;   // the colour scheme that the HTML part is told
};

// Renders the pages of the inbox as HTML, without scripts. Every value is escaped. In English, as
// everything for developers. Immutable and thread-safe.
class InboxPages {
 public:
  static absl::StatusOr<InboxPages> Create();

  std::string List(const InboxList& list) const;
  // `links` only for MailView::kLinks.
  std::string Mail(const StoredMail& mail, const MailPage& page,
                   const std::vector<MailLink>& links) const;

  // The source expressions of the styles for a Content-Security-Policy.
  const std::string& style_sources() const { return style_sources_; }

 private:
  explicit InboxPages(std::string style_sources) : style_sources_(std::move(style_sources)) {}

  std::string style_sources_;
};

// The query of a page, such as "view=text&width=phone".
std::string QueryOf(const MailPage& page);
// The view of that name in a query; kHtml for an unknown one.
MailView ViewNamed(std::string_view name);

}  // namespace lmsmail::gateway
