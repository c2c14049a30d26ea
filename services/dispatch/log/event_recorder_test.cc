#include "services/dispatch/log/event_recorder.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "services/dispatch/testing/fake_message_log.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using Kind = DeliveryResult::Kind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Mail of recipients/ada is sent to ada@students.example, unless a test gives her another address.
class EventRecorderTest : public SenderFixture {
 protected:
  ~EventRecorderTest() override { bounces_.Stop(); }

  void SetAddress(const std::string& text) {
    Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"});
    verdict.recipient.address = *address::ParseEmailAddress(text);
    recipients_.Set("recipients/ada", std::move(verdict));
  }
  MessageId Sent() {
    const MessageId id = Accept("ada");
    SendDue();
    return id;
  }
  void Answer(Kind kind) { transport_.SetResult({.kind = kind}); }
  void Report(MessageId id, EventType type = EventType::kBounced) {
    EXPECT_OK(recorder_.Record({{"event", type, id, clock_.Now(), "mailbox gone"}},
                               absl::InfiniteFuture()));
  }
  // What is suppressed after all reports so far.
  std::map<std::string, SuppressionCause> Suppressed() {
    const std::string last = fmt::format("last-{}@students.example", ++calls_);
    bounces_.Report(last, SuppressionCause::kBounced, "");
    EXPECT_TRUE(suppressions_.WaitFor(last));
    auto added = suppressions_.added();
    std::erase_if(added, [](const auto& entry) { return entry.first.starts_with("last-"); });
    return added;
  }
  std::map<std::string, SuppressionCause> Bounced(const std::string& address) {
    return {{address, SuppressionCause::kBounced}};
  }

  int calls_ = 0;  // of Suppressed()
  FakeMessageLog log_{store_};
  EventRecorder recorder_{log_, recipients_, tracking_, consent_, address_hashes_, bounces_};
};

TEST_F(EventRecorderTest, SuppressesTheAddressThatBounced) {
  Report(Sent());
  EXPECT_EQ(Suppressed(), Bounced("ada@students.example"));
}

TEST_F(EventRecorderTest, ABounceAtAnotherAddressSuppressesNothing) {
  const MessageId id = Sent();
  const std::string detail = AtOtherAddress("550 5.1.1 no such user");
  EXPECT_OK(recorder_.Record({{"event", EventType::kBounced, id, clock_.Now(), detail}},
                             absl::InfiniteFuture()));
  log_.address_reports = {{id, EventType::kBounced, 0, "", detail, ""}};
  EXPECT_OK(recorder_.Replay(clock_.Now()));
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(EventRecorderTest, ARepeatedEventSuppressesWhatAnOutagePrevented) {
  const MessageId id = Sent();
  recipients_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(recorder_.Record({{"event", EventType::kBounced, id, clock_.Now(), "mailbox gone"}},
                               absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Suppressed(), IsEmpty());
  recipients_.SetStatus(absl::OkStatus());
  Report(id);
  EXPECT_EQ(Suppressed(), Bounced("ada@students.example"));
}

TEST_F(EventRecorderTest, RecordsNoOpensAndClicksOfWhoOptedOutSince) {
  const MessageId id = Sent();
  const auto record = [&] {
    return recorder_.Record({{"opened", EventType::kOpened, id, clock_.Now(), ""},
                             {"clicked", EventType::kClicked, id, clock_.Now(), ""},
                             {"unknown", EventType::kOpened, 4711, clock_.Now(), ""},
                             {"delivered", EventType::kDelivered, id, clock_.Now(), ""}},
                            absl::InfiniteFuture());
  };
  tracking_.Refuse("recipients/ada");
  ASSERT_OK_AND_ASSIGN(MessageLog::EventCounts counts, record());
  EXPECT_EQ(counts.recorded, 1);
  EXPECT_EQ(counts.unknown, 1);
  EXPECT_EQ(counts.opted_out, 2);
  ASSERT_OK_AND_ASSIGN(const History history, log_.Explain(id, absl::InfiniteFuture()));
  ASSERT_THAT(history.events, SizeIs(1));
  EXPECT_EQ(history.events[0].type, EventType::kDelivered);
}

TEST_F(EventRecorderTest, RecordsNoOpensUnasked) {
  const MessageId id = Sent();
  const auto record = [&] {
    return recorder_.Record({{"opened", EventType::kOpened, id, clock_.Now(), ""},
                             {"delivered", EventType::kDelivered, id, clock_.Now(), ""}},
                            absl::InfiniteFuture());
  };
  tracking_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(record(), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK_AND_ASSIGN(const History history, log_.Explain(id, absl::InfiniteFuture()));
  EXPECT_THAT(history.events, SizeIs(1)) << "what needs no consent is recorded";
  tracking_.SetStatus(absl::OkStatus());
  ASSERT_OK_AND_ASSIGN(const MessageLog::EventCounts counts, record());
  EXPECT_EQ(counts.recorded, 1);
  EXPECT_EQ(counts.duplicate, 1);
}

TEST_F(EventRecorderTest, AnAddressWithoutARecipientCannotBeAsked) {
  Submission submission;
  submission.request_id = "address";
  submission.template_ref = {"enrollment", 1, Category::kEnrollment};
  submission.due_time = clock_.Now();
  submission.items.push_back({{Target::Kind::kAddress, "ada@students.example"}, "", "address"});
  ASSERT_OK_AND_ASSIGN(const auto accepted, store_.Accept({submission}, absl::InfiniteFuture()));
  const MessageId id = accepted.front()->items.front().id;
  ASSERT_OK_AND_ASSIGN(const MessageLog::EventCounts counts,
                       recorder_.Record({{"opened", EventType::kOpened, id, clock_.Now(), ""}},
                                        absl::InfiniteFuture()));
  EXPECT_EQ(counts.opted_out, 1);
}

TEST_F(EventRecorderTest, ALateEventSparesACorrectedAddress) {
  SetAddress("adda@students.example");
  const MessageId id = Sent();
  SetAddress("ada@students.example");
  Report(id);
  Report(id, EventType::kComplained);
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(EventRecorderTest, AnotherSpellingOfTheAddressIsTheSame) {
  SetAddress("Ada@Students.Example");
  const MessageId id = Sent();
  SetAddress("ada@students.example");
  Report(id);
  EXPECT_EQ(Suppressed(), Bounced("ada@students.example"));
}

TEST_F(EventRecorderTest, AReplayAfterARestartSparesACorrectedAddress) {
  SetAddress("adda@students.example");
  const MessageId id = Sent();
  const std::string hash =
      address_hashes_.Of(id, *address::ParseEmailAddress("adda@students.example"));
  log_.address_reports = {{id, std::nullopt, 550, "5.1.1", "", hash},
                          {id, EventType::kBounced, 0, "", "mailbox gone", ""}};
  SetAddress("ada@students.example");
  ASSERT_OK(recorder_.Replay(clock_.Now()));
  EXPECT_THAT(Suppressed(), IsEmpty());
  SetAddress("adda@students.example");
  ASSERT_OK(recorder_.Replay(clock_.Now()));
  EXPECT_EQ(Suppressed(), Bounced("adda@students.example"));
}

// The bounce may be that of either address.
TEST_F(EventRecorderTest, SparesTheAddressWhenTheMailMayHaveGoneToTwo) {
  SetAddress("adda@students.example");
  Answer(Kind::kAmbiguous);
  const MessageId id = Sent();
  SetAddress("ada@students.example");
  Answer(Kind::kAccepted);
  if (Record(id).state == State::kUncertain) {
    ASSERT_OK(store_.Retry(id, "again", absl::InfiniteFuture()));
  }
  clock_.Advance(absl::Hours(1));
  SendDue();
  ASSERT_EQ(Record(id).state, State::kSent);
  Report(id);
  EXPECT_THAT(Suppressed(), IsEmpty());
}

// It was refused under the first address, so the bounce is that of the second.
TEST_F(EventRecorderTest, ARefusedAttemptIsNoEvidenceAboutALaterBounce) {
  SetAddress("adda@students.example");
  Answer(Kind::kRefused);
  const MessageId id = Sent();
  SetAddress("ada@students.example");
  Answer(Kind::kAccepted);
  clock_.Advance(absl::Hours(2));
  SendDue();
  ASSERT_EQ(Record(id).state, State::kSent);
  Report(id);
  EXPECT_EQ(Suppressed(), Bounced("ada@students.example"));
}

TEST_F(EventRecorderTest, SuppressesNothingForMailThatWasNotHandedOver) {
  Report(Accept("ada"));
  log_.address_reports = {{Accept("grace"), std::nullopt, 550, "5.1.1", "", ""}};
  ASSERT_OK(recorder_.Replay(clock_.Now()));
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(EventRecorderTest, WithdrawsTheConsentOfWhoUnsubscribed) {
  const MessageId id = Accept("ada", "weekly_progress");
  Report(id, EventType::kUnsubscribed);
  EXPECT_THAT(consent_.withdrawn(), ElementsAre("recipients/ada"));
  Report(id, EventType::kUnsubscribed);
  EXPECT_THAT(consent_.withdrawn(), SizeIs(1))
      << "a duplicate may come after the recipient subscribed again";
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(EventRecorderTest, ARepeatedEventWithdrawsWhatAnOutagePrevented) {
  const std::vector<ProviderEvent> events = {
      {"unsubscribed", EventType::kUnsubscribed, Accept("grace", "weekly_progress"), clock_.Now(),
       ""},
      {"bounced", EventType::kBounced, Sent(), clock_.Now(), "mailbox gone"}};
  consent_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(recorder_.Record(events, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Suppressed(), Bounced("ada@students.example")) << "the other events are recorded";
  consent_.SetStatus(absl::OkStatus());
  EXPECT_OK(recorder_.Record(events, absl::InfiniteFuture()));
  EXPECT_THAT(consent_.withdrawn(), ElementsAre("recipients/grace"));
}

TEST_F(EventRecorderTest, WithdrawsNoConsentToMailThatNeedsNone) {
  Report(Accept("ada", "enrollment"), EventType::kUnsubscribed);
  Report(4711, EventType::kUnsubscribed);
  EXPECT_THAT(consent_.withdrawn(), IsEmpty());
}

TEST_F(EventRecorderTest, IgnoresMailThatIsNotInTheLog) {
  Report(4711);
  EXPECT_THAT(Suppressed(), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
