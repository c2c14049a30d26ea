#include "services/preference/domain/recipient_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/preference/storage/in_memory_preference_store.h"

namespace lmsmail::preference {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

const absl::TimeZone kUtc = absl::UTCTimeZone();
const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2026, 3, 2, 12), kUtc);
const absl::Time kNight = absl::FromCivil(absl::CivilHour(2026, 3, 2, 23), kUtc);
const absl::Time kNever = absl::InfiniteFuture();

class RecipientCheckTest : public ::testing::Test {
 protected:
  RecipientCheckTest() {
    school_.language_code = "de";
    school_.quiet_hours = QuietHours::Parse("21:00", "08:00").value();
    Register({"ann", "Ann@example.com", "Ann Lee", "", "", "", {}, {}});
  }

  void Register(Recipient recipient) {
    const AddressKey key = AddressKeyOf(keys_, recipient.email_address).value();
    EXPECT_OK(
        store_.UpsertRecipients({{std::move(recipient), key}}, school_.defaults, kNoon, kNever));
  }
  void Suppress(const std::string& address, SuppressionReason reason) {
    EXPECT_OK(store_.AddSuppression(AddressKeyOf(keys_, address).value(),
                                    {"", address, reason, "", kNoon}, kNever));
  }
  void RecordConsent(bool subscribed, Category category) {
    EXPECT_OK(store_.RecordConsent({"ann", {category}, subscribed, {}, kNoon}, kNever));
  }

  Verdict Check(const MailToCheck& mail) {
    RecipientCheck check(store_, keys_, links_, school_, clock_);
    auto verdicts = check.Check({mail}, kNever);
    EXPECT_OK(verdicts);
    return verdicts.ok() ? verdicts->at(0) : Verdict{};
  }
  Verdict CheckAnn(Category category) { return Check({"ann", "", category}); }

  const token::KeyRing keys_ = token::KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  const Links links_{keys_, "https://mail.school.example"};
  InMemoryPreferenceStore store_;
  School school_;
  FakeClock clock_{kNoon};
};

TEST_F(RecipientCheckTest, AllowsAndReturnsTheDataOfTheRecipient) {
  const Verdict verdict = CheckAnn(Category::kContent);
  EXPECT_EQ(verdict.decision, Decision::kAllow);
  EXPECT_EQ(verdict.reason, VerdictReason::kNone);
  EXPECT_EQ(verdict.email_address, "Ann@example.com");
  EXPECT_EQ(verdict.display_name, "Ann Lee");
  EXPECT_EQ(verdict.given_name, "Ann");
  EXPECT_EQ(verdict.language_code, "de");
  EXPECT_EQ(verdict.time_zone, "UTC");
  EXPECT_EQ(verdict.unsubscribe_url, links_.UnsubscribeUrl("ann", Category::kContent));
  EXPECT_EQ(verdict.preferences_url, links_.PreferencesUrl("ann"));
}

TEST_F(RecipientCheckTest, FindsTheGivenNameUnlessItWasGiven) {
  Register({"ines", "ines@example.com", "Albrecht, Dr. Ines", "", "", "", {}, {}});
  EXPECT_EQ(Check({"ines", "", Category::kPayment}).given_name, "Ines");
  Register({"ines", "ines@example.com", "Dr. Albrecht", "Dr.", "", "", {}, {}});
  EXPECT_EQ(Check({"ines", "", Category::kPayment}).given_name, "");
  Register({"ines", "ines@example.com", "Ines Albrecht", "Dr. Ini", "", "", {}, {}});
  EXPECT_EQ(Check({"ines", "", Category::kPayment}).given_name, "Dr. Ini");
}

TEST_F(RecipientCheckTest, MandatoryMailHasNoUnsubscribeLink) {
  const Verdict verdict = CheckAnn(Category::kPayment);
  EXPECT_EQ(verdict.decision, Decision::kAllow);
  EXPECT_THAT(verdict.unsubscribe_url, IsEmpty());
  EXPECT_THAT(verdict.preferences_url, StartsWith("https://mail.school.example/p/"));
}

TEST_F(RecipientCheckTest, SkipsUnknownRecipients) {
  const Verdict verdict = Check({"nobody", "", Category::kPayment});
  EXPECT_EQ(verdict.decision, Decision::kSkip);
  EXPECT_EQ(verdict.reason, VerdictReason::kUnknownRecipient);
  EXPECT_THAT(verdict.email_address, IsEmpty());
}

TEST_F(RecipientCheckTest, AppliesConsentToOptionalMailOnly) {
  RecordConsent(false, Category::kContent);
  EXPECT_EQ(CheckAnn(Category::kContent).decision, Decision::kSkip);
  EXPECT_EQ(CheckAnn(Category::kContent).reason, VerdictReason::kUnsubscribed);
  EXPECT_EQ(CheckAnn(Category::kContent).email_address, "Ann@example.com");
  EXPECT_EQ(CheckAnn(Category::kDemo).decision, Decision::kAllow);
  EXPECT_EQ(CheckAnn(Category::kEnrollment).decision, Decision::kAllow);
}

TEST_F(RecipientCheckTest, UnsubscribedDefaultIsNoConsent) {
  school_.defaults.subscribed.clear();
  Register({"bob", "bob@example.com", "", "", "", "", {}, {}});
  EXPECT_EQ(Check({"bob", "", Category::kDemo}).reason, VerdictReason::kNoConsent);
}

TEST_F(RecipientCheckTest, UsesTheSchoolDefaultWithoutARecord) {
  store_.InsertWithoutConsent({{"bare", "bare@example.com", "", "", "", "", {}, {}},
                               AddressKeyOf(keys_, "bare@example.com").value()});
  EXPECT_EQ(Check({"bare", "", Category::kDemo}).decision, Decision::kAllow);
  school_.defaults.subscribed.clear();
  EXPECT_EQ(Check({"bare", "", Category::kDemo}).reason, VerdictReason::kNoConsent);
}

TEST_F(RecipientCheckTest, SuppressionStopsMandatoryMailToo) {
  Suppress("ann@EXAMPLE.com", SuppressionReason::kBounced);
  EXPECT_EQ(CheckAnn(Category::kPayment).decision, Decision::kSkip);
  EXPECT_EQ(CheckAnn(Category::kPayment).reason, VerdictReason::kBounced);
}

TEST_F(RecipientCheckTest, ReportsTheReasonOfASuppression) {
  Suppress("c@example.com", SuppressionReason::kComplained);
  Suppress("m@example.com", SuppressionReason::kManual);
  EXPECT_EQ(Check({"", "c@example.com", Category::kAnnouncement}).reason,
            VerdictReason::kComplained);
  EXPECT_EQ(Check({"", "m@example.com", Category::kEnrollment}).reason, VerdictReason::kSuppressed);
}

TEST_F(RecipientCheckTest, DefersOptionalMailInQuietHours) {
  clock_.Set(kNight);
  const Verdict verdict = CheckAnn(Category::kContent);
  EXPECT_EQ(verdict.decision, Decision::kDefer);
  EXPECT_EQ(verdict.reason, VerdictReason::kQuietHours);
  EXPECT_EQ(verdict.retry_time, kNight + absl::Hours(9));
  EXPECT_EQ(verdict.email_address, "Ann@example.com");
  EXPECT_EQ(CheckAnn(Category::kPayment).decision, Decision::kAllow);
  school_.quiet_hours.reset();
  EXPECT_EQ(CheckAnn(Category::kContent).decision, Decision::kAllow);
}

TEST_F(RecipientCheckTest, UsesTheTimeZoneOfTheRecipient) {
  Register({"kim", "kim@example.com", "", "", "ko", "Asia/Seoul", {}, {}});  // UTC+9
  EXPECT_EQ(Check({"kim", "", Category::kContent}).retry_time, kNoon + absl::Hours(11));
  clock_.Set(kNight);
  EXPECT_EQ(Check({"kim", "", Category::kContent}).decision, Decision::kAllow);
}

TEST_F(RecipientCheckTest, SkipsInsteadOfDeferringUnsubscribedMail) {
  RecordConsent(false, Category::kContent);
  clock_.Set(kNight);
  EXPECT_EQ(CheckAnn(Category::kContent).decision, Decision::kSkip);
}

TEST_F(RecipientCheckTest, AllowsAnAddressOnlyMandatoryMailAndAnnouncements) {
  clock_.Set(kNight);
  const auto check = [&](Category category) {
    return Check({"",
                  "new@B\xc3\xbc"
                  "cher.example",
                  category});
  };
  EXPECT_EQ(check(Category::kContent).decision, Decision::kSkip);
  EXPECT_EQ(check(Category::kContent).reason, VerdictReason::kNoConsent);
  EXPECT_EQ(check(Category::kPayment).decision, Decision::kAllow);
  const Verdict announcement = check(Category::kAnnouncement);
  EXPECT_EQ(announcement.decision, Decision::kAllow);
  EXPECT_EQ(announcement.email_address, "new@xn--bcher-kva.example");
  EXPECT_EQ(announcement.language_code, "de");
  EXPECT_EQ(announcement.time_zone, "UTC");
  EXPECT_THAT(announcement.unsubscribe_url, IsEmpty());
  EXPECT_THAT(announcement.preferences_url, IsEmpty());
}

TEST_F(RecipientCheckTest, ReturnsVerdictsInOrderForInvalidAddresses) {
  RecipientCheck check(store_, keys_, links_, school_, clock_);
  ASSERT_OK_AND_ASSIGN(
      const std::vector<Verdict> verdicts,
      check.Check({{"", "no address", Category::kPayment}, {"ann", "", Category::kPayment}},
                  kNever));
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[0].decision, Decision::kSkip);
  EXPECT_EQ(verdicts[0].reason, VerdictReason::kInvalidAddress);
  EXPECT_EQ(verdicts[0].email_address, "no address");
  EXPECT_EQ(verdicts[1].decision, Decision::kAllow);
}

TEST_F(RecipientCheckTest, AnAddressHasTheOptOutsOfWhoHasIt) {
  const MailToCheck bare{"", "ANN@example.com", Category::kAnnouncement};
  EXPECT_EQ(Check(bare).decision, Decision::kAllow);
  EXPECT_EQ(Check(bare).unsubscribe_url, links_.UnsubscribeUrl("ann", Category::kAnnouncement));
  EXPECT_EQ(Check(bare).preferences_url, links_.PreferencesUrl("ann"));
  RecordConsent(false, Category::kAnnouncement);
  EXPECT_EQ(Check(bare).reason, VerdictReason::kUnsubscribed);
  EXPECT_EQ(Check({"", "ann@example.com", Category::kPayment}).decision, Decision::kAllow);
  Register({"ann-2", "ann@EXAMPLE.com", "Ann Lee", "", "", "", {}, {}});
  EXPECT_EQ(Check({"ann-2", "", Category::kAnnouncement}).reason, VerdictReason::kUnsubscribed);
  EXPECT_EQ(Check({"ann-2", "", Category::kContent}).decision, Decision::kAllow);
}

TEST_F(RecipientCheckTest, SpellingsOfAnAddressAreOneAddress) {
  Register({"eva", "E\u0301va@example.com", "", "", "", "", {}, {}});
  Suppress("\u00c9VA@example.com", SuppressionReason::kBounced);
  EXPECT_EQ(Check({"eva", "", Category::kPayment}).reason, VerdictReason::kBounced);
  EXPECT_EQ(Check({"", "\u00e9va@example.com", Category::kPayment}).reason,
            VerdictReason::kBounced);
}

TEST_F(RecipientCheckTest, AnAddressOfWhoNeverAgreedGetsNoAnnouncement) {
  school_.defaults.subscribed.clear();
  Register({"bob", "bob@example.com", "", "", "", "", {}, {}});
  EXPECT_EQ(Check({"", "bob@example.com", Category::kAnnouncement}).reason,
            VerdictReason::kNoConsent);
}

}  // namespace
}  // namespace lmsmail::preference
