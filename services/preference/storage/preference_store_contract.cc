#include "services/preference/storage/preference_store_contract.h"

namespace lmsmail::preference {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

auto IdIs(const std::string& id) { return Field(&Recipient::id, id); }

TEST_P(PreferenceStoreContract, StoresRecipientsInTheOrderOfTheRequest) {
  const Registered registered =
      Upsert({Make("b", "b@example.com"), Make("a", "a@example.com"), Make("C", "c@example.com")});
  EXPECT_EQ(registered.created_count, 3);
  EXPECT_THAT(registered.recipients, ElementsAre(IdIs("b"), IdIs("a"), IdIs("C")));
  EXPECT_EQ(registered.recipients[0],
            (Recipient{"b", "b@example.com", "Ann Lee", "Ann", "de", "Europe/Berlin", kNow, kNow}));
  EXPECT_THAT(store_.GetRecipient("b", kDeadline), IsOkAndHolds(registered.recipients[0]));
  EXPECT_THAT(store_.GetRecipient("nobody", kDeadline), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(PreferenceStoreContract, RepeatedUpsertChangesNothing) {
  Upsert({Make("a", "a@example.com")});
  const Registered again = Upsert({Make("a", "a@example.com"), Make("b", "b@example.com")}, kLater);
  EXPECT_EQ(again.created_count, 1);
  EXPECT_EQ(again.recipients[0].update_time, kNow);
  EXPECT_THAT(Events("a"), SizeIs(2));
}

TEST_P(PreferenceStoreContract, UpsertReplacesDataAndKeepsConsent) {
  Upsert({Make("a", "a@example.com")});
  RecordConsent("a", false);
  Registration changed = Make("a", "new@example.com");
  changed.recipient.display_name = "Ann \"{Quote}\\, \xc3\x84";
  const Registered registered = Upsert({changed}, kLater);
  EXPECT_EQ(registered.created_count, 0);
  EXPECT_EQ(registered.recipients[0].display_name, changed.recipient.display_name);
  EXPECT_EQ(registered.recipients[0].email_address, "new@example.com");
  EXPECT_EQ(registered.recipients[0].create_time, kNow);
  EXPECT_EQ(registered.recipients[0].update_time, kLater);
  EXPECT_THAT(CheckOne("a").subscribed, Optional(false));
}

TEST_P(PreferenceStoreContract, ListsRecipientsByIdAndByAddress) {
  Upsert({Make("a", "shared@example.com"), Make("B", "b@example.com"),
          Make("c", "shared@example.com"), Make("d", "d@example.com")});
  EXPECT_THAT(store_.ListRecipients({"", {}, 2}, kDeadline),
              IsOkAndHolds(ElementsAre(IdIs("B"), IdIs("a"))));
  EXPECT_THAT(store_.ListRecipients({"a", {}, 9}, kDeadline),
              IsOkAndHolds(ElementsAre(IdIs("c"), IdIs("d"))));
  EXPECT_THAT(store_.ListRecipients({"a", "shared@example.com", 9}, kDeadline),
              IsOkAndHolds(ElementsAre(IdIs("c"))));
}

TEST_P(PreferenceStoreContract, FirstUpsertRecordsTheDefaultsOnce) {
  Upsert({Make("a", "a@example.com")});
  EXPECT_THAT(store_.GetConsent("a", kDeadline),
              IsOkAndHolds(RecipientConsent{{{Category::kDemo, true, {}},
                                             {Category::kProgress, false, {}},
                                             {Category::kContent, true, {}},
                                             {Category::kAnnouncement, false, {}}},
                                            false,
                                            {true, std::nullopt}}));
  const std::vector<ConsentEvent> events = Events("a");
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].category, Category::kDemo);
  EXPECT_EQ(events[0].category, Category::kContent);
  EXPECT_EQ(events[0].action, ConsentAction::kSubscribed);
  EXPECT_EQ(events[0].source, (ConsentSource{ConsentMethod::kDefault, "", "terms-2026"}));
  EXPECT_EQ(events[0].event_time, kNow);
  EXPECT_GT(events[0].id, events[1].id);
}

TEST_P(PreferenceStoreContract, RecordsConsentOnlyWhereItChanges) {
  Upsert({Make("a", "a@example.com")});
  const RecipientConsent consent = RecordConsent("a", false);
  EXPECT_THAT(consent.categories,
              ElementsAre(CategoryConsent{Category::kDemo, false, kLater},
                          CategoryConsent{Category::kProgress, false, kLater},
                          CategoryConsent{Category::kContent, false, kLater},
                          CategoryConsent{Category::kAnnouncement, false, kLater}));
  EXPECT_THAT(Events("a"), SizeIs(2 + 4));
  EXPECT_EQ(RecordConsent("a", false), consent);
  EXPECT_THAT(Events("a"), SizeIs(2 + 4));
  RecordConsent("a", true, {Category::kContent});
  const std::vector<ConsentEvent> events = Events("a");
  ASSERT_THAT(events, SizeIs(2 + 4 + 1));
  EXPECT_EQ(events[0].category, Category::kContent);
  EXPECT_EQ(events[0].action, ConsentAction::kSubscribed);
  EXPECT_EQ(events[0].source, (ConsentSource{ConsentMethod::kStaff, "bob", "v1"}));
}

TEST_P(PreferenceStoreContract, ReturnsNotFoundForConsentOfUnknownRecipient) {
  EXPECT_THAT(store_.GetConsent("nobody", kDeadline), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_.RecordConsent({"nobody", OptionalCategories(), true, {}, kNow}, kDeadline),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Events("nobody"), IsEmpty());
}

TEST_P(PreferenceStoreContract, RecordsDecisionsAboutTracking) {
  DefaultConsent refused = defaults_;
  refused.tracking_allowed = false;
  Upsert({Make("a", "a@example.com")});
  ASSERT_OK(store_.UpsertRecipients({Make("b", "b@example.com")}, refused, kNow, kDeadline));
  EXPECT_TRUE(CheckOne("a").tracking_allowed);
  EXPECT_FALSE(CheckOne("b").tracking_allowed);
  EXPECT_THAT(store_.TrackingAllowed({"b", "nobody", "a", "a"}, kDeadline),
              IsOkAndHolds(ElementsAre(false, false, true, true)));

  const ConsentSource source{ConsentMethod::kPreferencePage, "", "page"};
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const RecipientConsent consent,
                         store_.RecordTracking({"a", false, source, kLater}, kDeadline));
    EXPECT_EQ(consent.tracking, (TrackingConsent{false, kLater}));
  }
  EXPECT_FALSE(CheckOne("a").tracking_allowed);
  EXPECT_THAT(store_.TrackingAllowed({"a"}, kDeadline), IsOkAndHolds(ElementsAre(false)));
  const std::vector<ConsentEvent> events = Events("a");
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].category, std::nullopt);
  EXPECT_EQ(events[0].action, ConsentAction::kTrackingRefused);
  EXPECT_EQ(events[0].source, source);
  // A repeated import asks nobody again.
  Upsert({Make("a", "new@example.com")}, kLater);
  EXPECT_FALSE(CheckOne("a").tracking_allowed);
  // A decision is recorded even if it is what the default was.
  ASSERT_OK(store_.RecordTracking({"b", false, source, kLater}, kDeadline));
  EXPECT_EQ(Events("b")[0].action, ConsentAction::kTrackingRefused);
  EXPECT_THAT(store_.RecordTracking({"nobody", true, source, kLater}, kDeadline),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(PreferenceStoreContract, ListsConsentEventsInPages) {
  Upsert({Make("a", "a@example.com")});
  const std::vector<ConsentEvent> events = Events("a");
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_THAT(store_.ListConsentEvents({"a", {}, std::nullopt, 1}, kDeadline),
              IsOkAndHolds(ElementsAre(events[0])));
  EXPECT_THAT(store_.ListConsentEvents({"a", {}, events[0].id, 9}, kDeadline),
              IsOkAndHolds(ElementsAre(events[1])));
}

TEST_P(PreferenceStoreContract, AppliesDefaultsToRecipientsWithoutRecord) {
  Upsert({Make("a", "a@example.com")});
  Registration bare = Make("bare", "bare@example.com");
  bare.recipient.create_time = bare.recipient.update_time = kNow;
  under_test_.insert_without_consent(bare);
  EXPECT_EQ(CheckOne("bare").subscribed, std::nullopt);
  EXPECT_THAT(store_.GetConsent("bare", kDeadline), IsOkAndHolds(RecipientConsent{}));
  EXPECT_THAT(store_.ApplyDefaults(defaults_, kLater, kDeadline), IsOkAndHolds(1));
  EXPECT_THAT(CheckOne("bare").subscribed, Optional(true));
  EXPECT_THAT(Events("bare"), SizeIs(2));
  EXPECT_THAT(store_.ApplyDefaults(defaults_, kLater, kDeadline), IsOkAndHolds(0));
  EXPECT_THAT(Events("a"), SizeIs(2));
}

TEST_P(PreferenceStoreContract, SuppressesAllRecipientsOfAnAddress) {
  Upsert({Make("a", "a@example.com"), Make("b", "b@example.com")});
  Suppress("a@example.com", SuppressionReason::kBounced);
  EXPECT_THAT(CheckOne("a").suppression, Optional(SuppressionReason::kBounced));
  EXPECT_EQ(CheckOne("b").suppression, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const RecipientConsent consent, store_.GetConsent("a", kDeadline));
  EXPECT_TRUE(consent.suppressed);
  Upsert({Make("b", "a@example.com"), Make("c", "a@example.com"), Make("a", "x@example.com")});
  EXPECT_THAT(CheckOne("b").suppression, Optional(SuppressionReason::kBounced));
  EXPECT_THAT(CheckOne("c").suppression, Optional(SuppressionReason::kBounced));
  EXPECT_EQ(CheckOne("a").suppression, std::nullopt);
}

TEST_P(PreferenceStoreContract, KeepsTheFirstSuppressionOfAnAddress) {
  const Suppression first = Suppress("a@example.com", SuppressionReason::kBounced);
  EXPECT_EQ(first, (Suppression{"k1:a@example.com", "a@example.com", SuppressionReason::kBounced,
                                "because", kNow}));
  EXPECT_EQ(Suppress("a@example.com", SuppressionReason::kManual), first);
  // After a rotation of keys, the entry is found by the older hash.
  EXPECT_THAT(store_.AddSuppression(Key("a@example.com", {"k2", "k1"}),
                                    Entry(SuppressionReason::kManual, "a@example.com"), kDeadline),
              IsOkAndHolds(first));
  EXPECT_THAT(Suppressions(), ElementsAre(first));
}

TEST_P(PreferenceStoreContract, RemovesSuppressionsByIdAndByAddress) {
  Suppress("a@example.com", SuppressionReason::kBounced);
  Suppress("b@example.com", SuppressionReason::kBounced);
  EXPECT_OK(store_.RemoveSuppressionById("k1:a@example.com", kDeadline));
  EXPECT_THAT(store_.RemoveSuppressionById("k1:a@example.com", kDeadline),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(store_.RemoveSuppressionOf(Key("b@example.com", {"k2", "k1"}), kDeadline));
  EXPECT_THAT(store_.RemoveSuppressionOf(Key("b@example.com"), kDeadline),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Suppressions(), IsEmpty());
}

TEST_P(PreferenceStoreContract, ListsSuppressionsNewestFirst) {
  const auto add = [&](const std::string& address, SuppressionReason reason, absl::Time time) {
    EXPECT_OK(store_.AddSuppression(Key(address), Entry(reason, address, time), kDeadline));
  };
  add("a@example.com", SuppressionReason::kBounced, kNow);
  add("b@example.com", SuppressionReason::kManual, kLater);
  add("c@example.com", SuppressionReason::kBounced, kNow);
  const auto id = [](const std::string& value) { return Field(&Suppression::id, value); };
  const auto a = id("k1:a@example.com"), b = id("k1:b@example.com"), c = id("k1:c@example.com");
  EXPECT_THAT(Suppressions(), ElementsAre(b, c, a));
  EXPECT_THAT(store_.ListSuppressions({{}, SuppressionReason::kBounced, 1}, kDeadline),
              IsOkAndHolds(ElementsAre(c)));
  EXPECT_THAT(store_.ListSuppressions({{{kLater, "k1:b@example.com"}}, {}, 9}, kDeadline),
              IsOkAndHolds(ElementsAre(c, a)));
  EXPECT_THAT(store_.ListSuppressions(
                  {{{kNow, "k1:c@example.com"}}, SuppressionReason::kBounced, 9}, kDeadline),
              IsOkAndHolds(ElementsAre(a)));
}

TEST_P(PreferenceStoreContract, ReturnsFactsInTheOrderOfTheQueries) {
  Upsert({Make("a", "a@example.com"), Make("b", "b@example.com")});
  RecordConsent("b", false, {Category::kContent});
  Suppress("bad@example.com", SuppressionReason::kComplained);
  ASSERT_OK_AND_ASSIGN(const std::vector<CheckFacts> facts,
                       store_.Check({{"b", std::nullopt, Category::kContent},
                                     {"nobody", std::nullopt, Category::kContent},
                                     {"", Key("bad@example.com"), Category::kAnnouncement},
                                     {"a", std::nullopt, Category::kContent},
                                     {"", Key("good@example.com"), Category::kAnnouncement},
                                     {"", std::nullopt, Category::kDemo},
                                     {"a", std::nullopt, Category::kPayment},
                                     {"a", std::nullopt, Category::kContent}},
                                    kDeadline));
  ASSERT_THAT(facts, SizeIs(8));
  EXPECT_THAT(facts[0].recipient, Optional(IdIs("b")));
  EXPECT_THAT(facts[0].subscribed, Optional(false));
  EXPECT_TRUE(facts[0].explicitly_set);
  EXPECT_EQ(facts[1].recipient, std::nullopt);
  EXPECT_THAT(facts[2].suppression, Optional(SuppressionReason::kComplained));
  EXPECT_THAT(
      facts[3].recipient,
      Optional(AllOf(IdIs("a"), Field(&Recipient::email_address, "a@example.com"),
                     Field(&Recipient::display_name, "Ann Lee"),
                     Field(&Recipient::given_name, "Ann"), Field(&Recipient::language_code, "de"),
                     Field(&Recipient::time_zone, "Europe/Berlin"))));
  EXPECT_THAT(facts[3].subscribed, Optional(true));
  EXPECT_FALSE(facts[3].explicitly_set);
  EXPECT_EQ(facts[4].suppression, std::nullopt);
  EXPECT_EQ(facts[5].suppression, std::nullopt);
  EXPECT_EQ(facts[6].subscribed, std::nullopt);
  EXPECT_THAT(facts[7].recipient, Optional(IdIs("a")));
}

TEST_P(PreferenceStoreContract, ErasureAnonymizesTheHistory) {
  Upsert({Make("a", "a@example.com"), Make("b", "b@example.com")});
  RecordConsent("a", true, {Category::kProgress});
  const std::size_t kept = Events("a").size();
  EXPECT_OK(Erase("a", "a@example.com"));
  EXPECT_THAT(store_.GetRecipient("a", kDeadline), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(CheckOne("a").recipient, std::nullopt);
  EXPECT_THAT(Events("a"), IsEmpty());
  const std::vector<ConsentEvent> events = Events("a", {"hash-of-a"});
  ASSERT_THAT(events, SizeIs(kept + 1));
  EXPECT_EQ(events[0].action, ConsentAction::kErased);
  EXPECT_EQ(events[0].category, std::nullopt);
  EXPECT_EQ(events[0].event_time, kLater);
  EXPECT_EQ(events[1].category, Category::kProgress);
  EXPECT_EQ(events[1].source, (ConsentSource{ConsentMethod::kStaff, "", ""}));
  EXPECT_THAT(Suppressions(), IsEmpty());
  EXPECT_THAT(Events("b"), SizeIs(2));
  EXPECT_THAT(Erase("a", "a@example.com"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(PreferenceStoreContract, ErasureKeepsTheHashOfASuppressedAddress) {
  Upsert({Make("a", "a@example.com")});
  Suppress("a@example.com", SuppressionReason::kBounced);
  EXPECT_OK(Erase("a", "a@example.com"));
  EXPECT_THAT(Suppressions(), ElementsAre(Suppression{"k1:a@example.com", "",
                                                      SuppressionReason::kErased, "", kNow}));
  // A later import finds the hash, whatever the first key is.
  Registration again = Make("other", "a@example.com");
  again.address = Key("a@example.com", {"k2", "k1"});
  Upsert({again});
  EXPECT_THAT(CheckOne("other").suppression, Optional(SuppressionReason::kErased));
  EXPECT_OK(store_.RemoveSuppressionOf(again.address, kDeadline));
  EXPECT_EQ(CheckOne("other").suppression, std::nullopt);
}

TEST_P(PreferenceStoreContract, ErasureRefusesOptionalMailOfTheAddressUntilConsentIsGivenAgain) {
  Upsert({Make("a", "a@example.com")});
  EXPECT_OK(Erase("a", "a@example.com"));
  EXPECT_THAT(Suppressions(), IsEmpty());
  EXPECT_TRUE(CheckAddress("a@example.com", Category::kContent).refused_by_address);
  EXPECT_TRUE(CheckAddress("a@example.com", Category::kProgress).refused_by_address);
  EXPECT_FALSE(CheckAddress("b@example.com", Category::kContent).refused_by_address);

  Registration again = Make("other", "a@example.com");
  again.address = Key("a@example.com", {"k2", "k1"});  // whatever the first key is
  Upsert({again});
  EXPECT_TRUE(CheckOne("other").refused_by_address);
  EXPECT_FALSE(Subscribed("other", Category::kContent));
  RecordConsent("other", true, {Category::kContent});
  EXPECT_TRUE(Subscribed("other", Category::kContent));
  EXPECT_FALSE(CheckOne("other").refused_by_address);
  EXPECT_FALSE(CheckAddress("a@example.com", Category::kContent).refused_by_address);
  EXPECT_TRUE(CheckOne("other", Category::kDemo).refused_by_address);
}

TEST_P(PreferenceStoreContract, TheNewestDecisionAboutAnAddressCountsForAllWhoHaveIt) {
  Upsert({Make("a", "shared@example.com"), Make("b", "shared@example.com"),
          Make("c", "other@example.com")});
  EXPECT_FALSE(CheckAddress("shared@example.com", Category::kContent).refused_by_address);
  EXPECT_EQ(CheckAddress("shared@example.com", Category::kContent).owner_id, "a");
  RecordConsent("a", false, {Category::kContent});
  EXPECT_TRUE(CheckOne("b").refused_by_address);
  EXPECT_FALSE(Subscribed("b", Category::kContent));
  EXPECT_TRUE(CheckAddress("shared@example.com", Category::kContent).refused_by_address);
  EXPECT_FALSE(CheckOne("b", Category::kDemo).refused_by_address);
  EXPECT_FALSE(CheckOne("c").refused_by_address);

  // Her consent was recorded before, and is given again.
  RecordConsent("b", true, {Category::kContent}, kLater + absl::Seconds(1));
  EXPECT_FALSE(CheckOne("b").refused_by_address);
  EXPECT_THAT(CheckOne("a").subscribed, Optional(false));
  RecordConsent("a", false, {Category::kDemo}, kLater + absl::Seconds(2));
  RecordConsent("b", true, {Category::kDemo}, kLater + absl::Seconds(3));
  RecordConsent("a", true, {Category::kDemo}, kLater + absl::Seconds(4));
  RecordConsent("a", false, {Category::kDemo}, kLater + absl::Seconds(5));
  const std::size_t before = Events("b").size();
  RecordConsent("b", true, {Category::kDemo}, kLater + absl::Seconds(6));
  EXPECT_THAT(Events("b"), SizeIs(before + 1));
  RecordConsent("b", true, {Category::kDemo}, kLater + absl::Seconds(7));
  EXPECT_THAT(Events("b"), SizeIs(before + 1)) << "nothing was left to answer";
  EXPECT_TRUE(Subscribed("b", Category::kDemo));
}

TEST_P(PreferenceStoreContract, AnAddressOfWhoNeverAgreedIsNotSubscribed) {
  defaults_.subscribed.clear();
  Upsert({Make("a", "a@example.com")});
  EXPECT_THAT(CheckAddress("a@example.com", Category::kAnnouncement).subscribed, Optional(false));
  EXPECT_FALSE(CheckAddress("a@example.com", Category::kAnnouncement).refused_by_address);
  EXPECT_EQ(CheckAddress("b@example.com", Category::kAnnouncement).subscribed, std::nullopt);
}

TEST_P(PreferenceStoreContract, ErasureKeepsWhatASharedAddressRefused) {
  Upsert({Make("a", "shared@example.com"), Make("b", "shared@example.com"),
          Make("c", "other@example.com"), Make("d", "other@example.com")});
  RecordConsent("a", false, {Category::kContent});
  EXPECT_OK(Erase("a", "shared@example.com"));
  EXPECT_EQ(CheckOne("b").suppression, std::nullopt);
  EXPECT_TRUE(CheckOne("b").refused_by_address);
  EXPECT_FALSE(CheckOne("b", Category::kDemo).refused_by_address);
  Suppress("other@example.com", SuppressionReason::kManual);
  EXPECT_OK(Erase("c", "other@example.com"));
  EXPECT_THAT(CheckOne("d").suppression, Optional(SuppressionReason::kManual));
  EXPECT_FALSE(CheckOne("d").refused_by_address);
  EXPECT_THAT(Suppressions(), ElementsAre(Field(&Suppression::email_address, "other@example.com")));
}

TEST_P(PreferenceStoreContract, ErasureAbortsWhenTheAddressChanged) {
  Upsert({Make("a", "new@example.com")});
  EXPECT_THAT(Erase("a", "old@example.com"), StatusIs(absl::StatusCode::kAborted));
  EXPECT_OK(store_.GetRecipient("a", kDeadline));
}

TEST_P(PreferenceStoreContract, RegistrationAfterErasureStartsAgain) {
  Upsert({Make("a", "a@example.com")});
  EXPECT_OK(Erase("a", "a@example.com"));
  EXPECT_EQ(Upsert({Make("a", "a@example.com")}, kLater).created_count, 1);
  EXPECT_THAT(Events("a"), SizeIs(2));
  EXPECT_THAT(Events("a", {"hash-of-a"}), SizeIs(2 + 1 + 2));
}

TEST_P(PreferenceStoreContract, AnErasureIsAJobOfOneServiceAfterTheOther) {
  Upsert({Make("a", "a@example.com"), Make("b", "shared@example.com"),
          Make("c", "shared@example.com")});
  ASSERT_OK_AND_ASSIGN(const ErasureJob first, Erase("a", "a@example.com"));
  EXPECT_EQ(first.create_time, kLater);
  EXPECT_THAT(first.pending_services, ElementsAre("scheduler", "report", "dispatch"));
  ASSERT_OK_AND_ASSIGN(const ErasureJob second, Erase("b", "shared@example.com"));
  EXPECT_THAT(Pending("scheduler"), ElementsAre(PendingErasure{first.id, "a", "a@example.com"},
                                                PendingErasure{second.id, "b", ""}));
  EXPECT_THAT(Pending("dispatch"), IsEmpty());
  const auto acknowledge = [&](std::string_view service) {
    return store_.AcknowledgeErasure(first.id, service, kLater, kDeadline);
  };
  EXPECT_OK(acknowledge("scheduler"));
  EXPECT_OK(acknowledge("scheduler"));
  EXPECT_THAT(Pending("report"), ElementsAre(Field(&PendingErasure::id, first.id)));
  EXPECT_OK(acknowledge("report"));
  ASSERT_OK_AND_ASSIGN(RunningErasures running, store_.MeasureErasures(kDeadline));
  EXPECT_EQ(running.count, 2);
  EXPECT_THAT(running.oldest_create_time, Optional(kLater));
  EXPECT_OK(acknowledge("dispatch"));
  EXPECT_OK(acknowledge("dispatch"));
  EXPECT_THAT(Pending("dispatch"), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const ErasureJob done, store_.GetErasure(first.id, kDeadline));
  EXPECT_THAT(done.pending_services, IsEmpty());
  EXPECT_THAT(done.end_time, Optional(kLater));
  EXPECT_THAT(store_.ListErasures({std::nullopt, true, 10}, kDeadline).value(),
              ElementsAre(second));
  EXPECT_THAT(store_.ListErasures({std::nullopt, false, 10}, kDeadline).value(),
              ElementsAre(second, done));
  EXPECT_THAT(store_.ListErasures({second.id, false, 10}, kDeadline).value(), ElementsAre(done));
  EXPECT_THAT(store_.GetErasure(99, kDeadline), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_.AcknowledgeErasure(99, "report", kLater, kDeadline),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(PreferenceStoreContract, WhoIsNoRecipientCanBeErasedElsewhere) {
  const Erasure erasure{"a", std::nullopt, "hash-of-a", kLater};
  ASSERT_OK_AND_ASSIGN(const ErasureJob job, store_.EraseRecipient(erasure, kDeadline));
  EXPECT_THAT(Pending("scheduler"), ElementsAre(PendingErasure{job.id, "a", ""}));
  Upsert({Make("a", "a@example.com")});
  EXPECT_THAT(store_.EraseRecipient(erasure, kDeadline), StatusIs(absl::StatusCode::kAborted));
}

}  // namespace
}  // namespace lmsmail::preference
