#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "libs/token/key_ring.h"
#include "services/preference/domain/links.h"
#include "services/preference/domain/quiet_hours.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// A mail about to be sent, either to a recipient or to an address without a recipient.
struct MailToCheck {
  std::string recipient_id;
  std::string email_address;
  Category category = Category::kDemo;
};

enum class Decision { kAllow = 1, kSkip = 2, kDefer = 3 };  // the numbers of the proto

// The numbers are those of the proto's Verdict.Reason.
enum class VerdictReason {
  kNone = 0,
  kUnknownRecipient = 1,
  kUnsubscribed = 2,
  kBounced = 3,
  kComplained = 4,
  kSuppressed = 5,
  kInvalidAddress = 6,
  kQuietHours = 7,
  kNoConsent = 8,
};

// See the proto's Verdict. The data of the recipient is set whatever the decision.
struct Verdict {
  Decision decision = Decision::kAllow;
  VerdictReason reason = VerdictReason::kNone;
  std::string email_address;
  std::string display_name;
  std::string given_name;
  std::string language_code;
  std::string time_zone;
  absl::Time retry_time;  // set with kDefer only
  std::string unsubscribe_url;
  std::string preferences_url;
  bool tracking_allowed = false;
};

// The settings of the school that apply to every recipient without own ones.
struct School {
  std::string language_code = "en";
  std::string time_zone = "UTC";
  std::optional<QuietHours> quiet_hours;
  DefaultConsent defaults;
};

// Decides whether mails may be sent. Called for every mail, so each call makes a single query to
// the store. Thread-safe. The arguments of the constructor must outlive it.
class RecipientCheck {
 public:
  // Language and time zone come from `stored`, if it is given, instead of `school`.
  RecipientCheck(PreferenceStore& store, const token::KeyRing& keys, const Links& links,
                 School school, const Clock& clock, school::SchoolSource* stored = nullptr);

  // Returns one verdict per mail, in order.
  absl::StatusOr<std::vector<Verdict>> Check(absl::Span<const MailToCheck> mails,
                                             absl::Time deadline);
  // The time zone of each recipient, in order: the school's for those without one.
  absl::StatusOr<std::vector<std::string>> TimeZones(absl::Span<const std::string> recipient_ids,
                                                     absl::Time deadline);

 private:
  class Zones;

  absl::StatusOr<School> CurrentSchool();
  Verdict Evaluate(const MailToCheck& mail, CheckFacts facts, const School& school, absl::Time now,
                   Zones& zones) const;
  // Returns a verdict with the data of the recipient.
  Verdict MakeVerdict(const MailToCheck& mail, CheckFacts& facts, const School& school) const;
  void AddLinks(const std::string& recipient_id, Category category, Verdict& verdict) const;
  VerdictReason ReasonToSkip(const MailToCheck& mail, const CheckFacts& facts) const;

  PreferenceStore& store_;
  const token::KeyRing& keys_;
  const Links& links_;
  const School school_;
  const Clock& clock_;
  school::SchoolSource* const stored_;
};

}  // namespace lmsmail::preference
