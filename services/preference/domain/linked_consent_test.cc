#include "services/preference/domain/linked_consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/school/testing/fake_school.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/preference/storage/in_memory_preference_store.h"

namespace lmsmail::preference {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2026, 3, 2, 12), absl::UTCTimeZone());
const absl::Time kNever = absl::InfiniteFuture();

std::string TokenOf(const std::string& url) { return url.substr(url.rfind('/') + 1); }

std::vector<Category> Subscribed(const RecipientConsent& consent) {
  std::vector<Category> result;
  for (const CategoryConsent& each : consent.categories) {
    if (each.subscribed) result.push_back(each.category);
  }
  return result;
}

class LinkedConsentTest : public ::testing::Test {
 protected:
  LinkedConsentTest() {
    school_.school.language_code = "de";
    Register({"ann", "ann@example.com", "Ann Lee", "", "fr", "", {}, {}});
    Register({"bob", "bob@example.com", "Bob", "", "", "", {}, {}});
  }

  void Register(Recipient recipient) {
    const AddressKey key = AddressKeyOf(keys_, recipient.email_address).value();
    EXPECT_OK(store_.UpsertRecipients({{std::move(recipient), key}}, defaults_, kNoon, kNever));
  }
  std::string Unsubscribe(Category category, std::string_view recipient = "ann") const {
    return TokenOf(links_.UnsubscribeUrl(recipient, category));
  }
  std::string Preferences(std::string_view recipient = "ann") const {
    return TokenOf(links_.PreferencesUrl(recipient));
  }
  std::vector<Category> Current(std::string_view recipient = "ann") {
    return Subscribed(consent_.Get(recipient, kNever).value());
  }
  std::vector<ConsentEvent> Events() {
    return consent_.ListEvents("ann", std::nullopt, 100, kNever).value();
  }

  const token::KeyRing keys_ = token::KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  const Links links_{keys_, "https://mail.school.example"};
  const DefaultConsent defaults_;
  InMemoryPreferenceStore store_;
  FakeClock clock_{kNoon};
  ConsentRegistry consent_{store_, keys_, defaults_, clock_};
  school::FakeSchool school_;
  LinkedConsent linked_{links_, consent_, store_, school_};
};

TEST_F(LinkedConsentTest, ResolvesWithoutChangingAnything) {
  ASSERT_OK_AND_ASSIGN(LinkState state, linked_.Resolve(Unsubscribe(Category::kDemo), kNever));
  EXPECT_EQ(state.link.kind, LinkKind::kUnsubscribe);
  EXPECT_EQ(state.link.category, Category::kDemo);
  EXPECT_EQ(state.language_code, "fr");
  EXPECT_THAT(ChangeableCategories(state.link), ElementsAre(Category::kDemo));
  EXPECT_EQ(Subscribed(state.consent), OptionalCategories());
  EXPECT_THAT(state.undo_token, IsEmpty());
  ASSERT_OK_AND_ASSIGN(state, linked_.Resolve(Preferences("bob"), kNever));
  EXPECT_EQ(state.link.kind, LinkKind::kPreferences);
  EXPECT_EQ(state.language_code, "de");
  EXPECT_EQ(ChangeableCategories(state.link), OptionalCategories());
  EXPECT_EQ(Events().size(), OptionalCategories().size());  // of the registration
}

TEST_F(LinkedConsentTest, OneClickIsRecordedOnceAsSuch) {
  const std::string token = Unsubscribe(Category::kDemo);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Minutes(1));
    ASSERT_OK_AND_ASSIGN(const LinkState state, linked_.OneClickUnsubscribe(token, kNever));
    EXPECT_THAT(Subscribed(state.consent),
                ElementsAre(Category::kProgress, Category::kContent, Category::kAnnouncement));
  }
  const std::vector<ConsentEvent> events = Events();
  ASSERT_EQ(events.size(), OptionalCategories().size() + 1);
  EXPECT_EQ(events[0].category, Category::kDemo);
  EXPECT_EQ(events[0].action, ConsentAction::kUnsubscribed);
  EXPECT_EQ(events[0].source, (ConsentSource{ConsentMethod::kOneClick, "", ""}));
  EXPECT_EQ(events[0].event_time, kNoon + absl::Minutes(1));
}

TEST_F(LinkedConsentTest, OneClickNeedsAnUnsubscribeLink) {
  EXPECT_THAT(
      linked_.OneClickUnsubscribe(Preferences(), kNever),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("give that of an unsubscribe link")));
  EXPECT_EQ(Current(), OptionalCategories());
}

TEST_F(LinkedConsentTest, UnsubscribeLinkChangesItsCategoryOnly) {
  const std::string token = Unsubscribe(Category::kDemo);
  const auto update = [&](const LinkUpdate& change) {
    return linked_.Update(token, change, kNever);
  };
  ASSERT_OK(update({.unsubscribe = {Category::kDemo}, .consent_text = "page-1"}));
  EXPECT_THAT(Current(),
              ElementsAre(Category::kProgress, Category::kContent, Category::kAnnouncement));
  EXPECT_EQ(Events()[0].source, (ConsentSource{ConsentMethod::kPreferencePage, "", "page-1"}));
  ASSERT_OK(update({.subscribe = {Category::kDemo}}));
  EXPECT_EQ(Current(), OptionalCategories());
  const absl::Status refused = update({.unsubscribe = {Category::kDemo, Category::kContent},
                                       .subscribe = {Category::kProgress}})
                                   .status();
  std::vector<std::string> fields;
  for (const FieldViolation& each : ViolationsOf(refused)) fields.push_back(each.field);
  EXPECT_THAT(fields, ElementsAre("unsubscribe[1]", "subscribe[0]"));
  EXPECT_EQ(Current(), OptionalCategories());
}

TEST_F(LinkedConsentTest, PreferencesLinkChangesEachOptionalCategory) {
  ASSERT_OK(linked_.Update(
      Preferences(), {.unsubscribe = {Category::kDemo, Category::kContent, Category::kProgress}},
      kNever));
  ASSERT_OK_AND_ASSIGN(const LinkState state,
                       linked_.Update(Preferences(),
                                      {.unsubscribe = {Category::kAnnouncement},
                                       .subscribe = {Category::kContent, Category::kDemo}},
                                      kNever));
  EXPECT_THAT(Subscribed(state.consent), ElementsAre(Category::kDemo, Category::kContent));
  EXPECT_THAT(linked_.Update(Preferences(), {.unsubscribe = {Category::kPayment}}, kNever),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unsubscribe[0]")));
}

TEST_F(LinkedConsentTest, NeedsOneChangeWithoutContradiction) {
  const auto refusal = [&](const LinkUpdate& update) {
    return std::string(linked_.Update(Preferences(), update, kNever).status().message());
  };
  EXPECT_THAT(refusal({}), HasSubstr("give a change"));
  EXPECT_THAT(refusal({.subscribe = {Category::kDemo}, .unsubscribe_from_all = true}),
              HasSubstr("only change"));
  EXPECT_THAT(refusal({.unsubscribe = {Category::kDemo}, .subscribe = {Category::kDemo}}),
              HasSubstr("give it once"));
}

TEST_F(LinkedConsentTest, UndoesExactlyWhatWasWithdrawn) {
  const std::string token = Unsubscribe(Category::kDemo);
  // The mail client's button first, and another decision long ago.
  ASSERT_OK(linked_.OneClickUnsubscribe(token, kNever));
  ASSERT_OK(linked_.Update(Preferences(), {.unsubscribe = {Category::kContent}}, kNever));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(LinkState state,
                       linked_.Update(token, {.unsubscribe_from_all = true}, kNever));
  EXPECT_THAT(Current(), IsEmpty());
  EXPECT_THAT(state.undo_token, Not(IsEmpty()));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(state, linked_.Undo(token, state.undo_token, "page-1", kNever));
    EXPECT_THAT(Current(), ElementsAre(Category::kProgress, Category::kAnnouncement));
    EXPECT_THAT(Subscribed(state.consent),
                ElementsAre(Category::kProgress, Category::kAnnouncement));
    EXPECT_EQ(Events()[0].source, (ConsentSource{ConsentMethod::kPreferencePage, "", "page-1"}));
    ASSERT_OK_AND_ASSIGN(state, linked_.Update(token, {.unsubscribe_from_all = true}, kNever));
  }
}

TEST_F(LinkedConsentTest, AnOldUndoChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const LinkState first,
                       linked_.Update(Preferences(), {.unsubscribe = {Category::kDemo}}, kNever));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(linked_.Update(Preferences(), {.subscribe = {Category::kDemo}}, kNever));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(linked_.OneClickUnsubscribe(Unsubscribe(Category::kDemo), kNever));
  ASSERT_OK(linked_.Undo(Preferences(), first.undo_token, "", kNever));
  EXPECT_THAT(Current(), Not(::testing::Contains(Category::kDemo)));
}

TEST_F(LinkedConsentTest, AChangeOfNothingHasNoUndo) {
  const LinkUpdate all{.unsubscribe_from_all = true};
  ASSERT_OK(linked_.Update(Preferences(), all, kNever));
  ASSERT_OK_AND_ASSIGN(const LinkState again, linked_.Update(Preferences(), all, kNever));
  EXPECT_THAT(again.undo_token, IsEmpty());
}

TEST_F(LinkedConsentTest, UndoBelongsToTheRecipient) {
  ASSERT_OK_AND_ASSIGN(const LinkState state,
                       linked_.Update(Preferences(), {.unsubscribe_from_all = true}, kNever));
  EXPECT_THAT(linked_.Undo(Preferences("bob"), state.undo_token, "", kNever),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("another recipient")));
  EXPECT_THAT(linked_.Undo(Preferences(), Preferences(), "", kNever),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("undo_token")));
  EXPECT_THAT(linked_.Resolve(state.undo_token, kNever),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LinkedConsentTest, DoesNotNameADeletedRecipient) {
  const std::string token = Unsubscribe(Category::kDemo, "student-17");
  for (const absl::Status& status :
       {linked_.Resolve(token, kNever).status(),
        linked_.OneClickUnsubscribe(token, kNever).status(),
        linked_.Update(token, {.unsubscribe_from_all = true}, kNever).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound,
                                 AllOf(HasSubstr("deleted"), Not(HasSubstr("student")))));
    EXPECT_EQ(ReasonOf(status).reason, "LINK_RECIPIENT_DELETED");
  }
}

TEST_F(LinkedConsentTest, ThePreferenceLinkDecidesAboutTracking) {
  const std::string token = Preferences();
  ASSERT_OK_AND_ASSIGN(
      const LinkState refused,
      linked_.Update(token, {.tracking_allowed = false, .consent_text = "p"}, kNever));
  EXPECT_FALSE(refused.consent.tracking.allowed);
  EXPECT_TRUE(refused.undo_token.empty());
  ASSERT_OK_AND_ASSIGN(const LinkState allowed,
                       linked_.Update(token, {.tracking_allowed = true}, kNever));
  EXPECT_TRUE(allowed.consent.tracking.allowed);
  for (const LinkUpdate& update :
       {LinkUpdate{.unsubscribe_from_all = true, .tracking_allowed = false}, LinkUpdate{}}) {
    EXPECT_THAT(linked_.Update(token, update, kNever),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unsubscribe")));
  }
  EXPECT_THAT(linked_.Update(Unsubscribe(Category::kDemo), {.tracking_allowed = false}, kNever),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tracking_allowed")));
}

}  // namespace
}  // namespace lmsmail::preference
