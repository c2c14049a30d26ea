#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/school/school.h"
#include "services/preference/domain/consent_registry.h"
#include "services/preference/domain/links.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// What a link shows and may change.
struct LinkState {
  Link link;
  std::string language_code;
  RecipientConsent consent;
  std::string undo_token;  // after a withdrawal only
};

// A decision that a person made on the page of a link.
struct LinkUpdate {
  std::vector<Category> unsubscribe = {};
  std::vector<Category> subscribe = {};
  bool unsubscribe_from_all = false;
  std::optional<bool> tracking_allowed = std::nullopt;
  std::string consent_text = {};
};

// The categories that a link may change alone. Every link may withdraw consent to all optional
// ones.
std::vector<Category> ChangeableCategories(const Link& link);

// Reads and changes consent for whoever holds a link of a mail, within what the link allows. Method
// and actor of the evidence follow from the function that is called. The recipient's id is in no
// error. Thread-safe. The arguments of the constructor must outlive it.
class LinkedConsent {
 public:
  // `school` has the language of recipients without one.
  LinkedConsent(const Links& links, ConsentRegistry& consent, PreferenceStore& store,
                school::SchoolSource& school);

  absl::StatusOr<LinkState> Resolve(std::string_view token, absl::Time deadline);
  // The request of a mail client (RFC 8058).
  absl::StatusOr<LinkState> OneClickUnsubscribe(std::string_view token, absl::Time deadline);
  absl::StatusOr<LinkState> Update(std::string_view token, const LinkUpdate& update,
                                   absl::Time deadline);
  // Leaves out the categories that were decided about since the withdrawal.
  absl::StatusOr<LinkState> Undo(std::string_view token, std::string_view undo_token,
                                 std::string_view consent_text, absl::Time deadline);

 private:
  absl::StatusOr<LinkState> StateOf(const Link& link, absl::Time deadline);
  absl::Status Withdraw(LinkState& state, std::vector<Category> categories,
                        const ConsentSource& source, absl::Time deadline);

  const Links& links_;
  ConsentRegistry& consent_;
  PreferenceStore& store_;
  school::SchoolSource& school_;
};

}  // namespace lmsmail::preference
