#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "services/gateway/links/link.h"
#include "services/gateway/pages/texts.h"

namespace lmsmail::gateway {

// What the reader of a page has just done.
enum class Done { kUnsubscribed, kUnsubscribedFromAll, kSubscribed, kSaved, kUndone };

// Whether the link still shows what was done, so that no link can claim what is not true.
bool IsTrue(Done done, const Link& link);

enum class Message { kInvalidLink, kBadForm, kUnavailable };

// What consent was given or withdrawn on: change it with the wording of the page.
inline constexpr std::string_view kConsentText = "preference-page-2";

struct Site {
  std::string name;
  std::string url;
  std::string postal_address = {};  // may be empty
  bool tracking = false;            // opens and clicks are measured, so people may choose
};

// Renders the pages as HTML, without scripts. Every value is escaped. Immutable and thread-safe.
class Pages {
 public:
  static absl::StatusOr<Pages> Create(Site site);

  // The page of a link. `token` is that of its URL. `undo_token` may be empty.
  std::string Preferences(const Link& link, std::string_view token, std::optional<Done> done,
                          std::string_view undo_token) const;
  std::string ShowMessage(Message message, const Language& language) const;

  const Texts& texts() const { return texts_; }
  // The source expression of the style for a Content-Security-Policy: 'sha256-...'.
  const std::string& style_source() const { return style_source_; }

 private:
  Pages(Site site, Texts texts);

  Site site_;
  Texts texts_;
  std::string style_source_;
};

}  // namespace lmsmail::gateway
