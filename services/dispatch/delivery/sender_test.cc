#include "services/dispatch/delivery/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/testing/delivery_results.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using SenderTest = SenderFixture;

TEST_F(SenderTest, SendsMailAndRecordsTheReply) {
  const MessageId id = Accept("ada");
  SendDue();
  const MessageRecord record = Record(id);
  EXPECT_EQ(record.state, State::kSent);
  EXPECT_EQ(record.attempt_count, 1);
  EXPECT_EQ(record.content_hash.size(), 32u);
  ASSERT_THAT(transport_.mails(), SizeIs(1));
  EXPECT_EQ(transport_.mails()[0].recipient, "ada@students.example");
  EXPECT_EQ(transport_.mails()[0].envelope_from, "bounces@school.example");
  EXPECT_TRUE(transport_.mails()[0].urgent);
  EXPECT_EQ(budget_.in_use(), 0);
  EXPECT_EQ(store_.InFlightCount(), 0);
}

TEST_F(SenderTest, ChecksAWholeClaimInOneCall) {
  for (int i = 0; i < 50; ++i) Accept("s" + std::to_string(i));
  SendDue();
  EXPECT_EQ(recipients_.calls(), 1);
  EXPECT_THAT(transport_.mails(), SizeIs(50));
}

TEST_F(SenderTest, DefersMailWhileTheRecipientCheckIsUnavailable) {
  const MessageId id = Accept("ada");
  recipients_.SetStatus(absl::UnavailableError("away"));
  SendDue();
  EXPECT_THAT(transport_.mails(), IsEmpty());
  MessageRecord record = Record(id);
  EXPECT_EQ(record.state, State::kQueued);
  EXPECT_EQ(record.reason, Reason::kCheckUnavailable);
  EXPECT_EQ(record.attempt_count, 0);

  recipients_.SetStatus(absl::OkStatus());
  clock_.Advance(absl::Seconds(31));
  SendDue();
  EXPECT_EQ(Record(id).state, State::kSent);
}

TEST_F(SenderTest, OnlyMailToAnInvalidRecipientFails) {
  const MessageId bad = Accept("bad");
  const MessageId good = Accept("good");
  recipients_.Refuse("recipients/bad");
  SendDue();
  EXPECT_EQ(Record(bad).state, State::kFailed);
  EXPECT_EQ(Record(bad).reason, Reason::kInvalidAddress);
  EXPECT_EQ(Record(good).state, State::kSent);
}

TEST_F(SenderTest, SkipsUnsubscribedRecipients) {
  const MessageId id = Accept("ada");
  Verdict verdict;
  verdict.decision = Verdict::Decision::kSkip;
  verdict.reason = Reason::kUnsubscribed;
  recipients_.Set("recipients/ada", verdict);
  SendDue();
  EXPECT_THAT(transport_.mails(), IsEmpty());
  EXPECT_EQ(Record(id).state, State::kSkipped);
  EXPECT_EQ(Record(id).reason, Reason::kUnsubscribed);
}

TEST_F(SenderTest, DefersMailInQuietHours) {
  const MessageId id = Accept("ada");
  Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"});
  verdict.decision = Verdict::Decision::kDefer;
  verdict.reason = Reason::kQuietHours;
  verdict.retry_time = clock_.Now() + absl::Hours(8);
  recipients_.Set("recipients/ada", verdict);
  SendDue();
  EXPECT_EQ(Record(id).reason, Reason::kQuietHours);
  EXPECT_EQ(Record(id).next_attempt_time, clock_.Now() + absl::Hours(8));
  clock_.Advance(absl::Hours(8));
  verdict.decision = Verdict::Decision::kAllow;
  recipients_.Set("recipients/ada", verdict);
  SendDue();
  EXPECT_EQ(Record(id).state, State::kSent);
  EXPECT_EQ(Record(id).attempt_count, 1);
}

TEST_F(SenderTest, ExpiredMailIsNotSent) {
  const MessageId id = Accept("ada");
  clock_.Advance(absl::Hours(49));
  SendDue();
  EXPECT_EQ(Record(id).state, State::kExpired);
  EXPECT_THAT(transport_.mails(), IsEmpty());
  EXPECT_EQ(recipients_.calls(), 0);
}

TEST_F(SenderTest, CancelsMailBetweenClaimAndTransmission) {
  const MessageId id = Accept("ada");
  cancellations_.Refresh();
  TakenClaim taken = Take();
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(store_.Cancel(id, absl::InfiniteFuture()));
  sender_.Process(std::move(taken));
  flusher_.FlushAll();
  EXPECT_EQ(Record(id).state, State::kCancelled);
  EXPECT_THAT(transport_.mails(), IsEmpty());
}

TEST_F(SenderTest, UnavailableTemplateDefersMailAndDeletedOneFailsIt) {
  const MessageId waits = Accept("ada");
  templates_.SetStatus(absl::UnavailableError("away"));
  SendDue();
  EXPECT_EQ(Record(waits).state, State::kQueued);
  EXPECT_EQ(Record(waits).reason, Reason::kTemplateUnavailable);
  EXPECT_EQ(Record(waits).attempt_count, 0);
  templates_.SetStatus(absl::OkStatus());

  const MessageId gone = Accept("grace", "unheard_of");
  SendDue();
  EXPECT_EQ(Record(gone).state, State::kFailed);
  EXPECT_EQ(Record(gone).reason, Reason::kTemplateUnavailable);
}

TEST_F(SenderTest, OnlyMailThatCannotBeRenderedFailsWithTheError) {
  const MessageId bad = Accept("ada", "weekly_progress");
  const MessageId good =
      Accept("grace", "weekly_progress", StructFromJson(R"({"minutes": 3})").SerializeAsString());
  SendDue();
  EXPECT_EQ(Record(bad).state, State::kFailed);
  EXPECT_EQ(Record(bad).reason, Reason::kRenderFailed);
  EXPECT_THAT(Record(bad).detail, testing::HasSubstr("minutes"));
  EXPECT_EQ(Record(good).state, State::kSent);
}

TEST_F(SenderTest, SuppressesDeadAddresses) {
  const MessageId id = Accept("ada");
  transport_.SetResult(Replied(550, "5.1.1", "5.1.1 no such user"));
  SendDue();
  EXPECT_EQ(Record(id).state, State::kFailed);
  EXPECT_EQ(Record(id).reason, Reason::kRecipientRejected);
  EXPECT_TRUE(suppressions_.WaitFor("ada@students.example"));
}

TEST_F(SenderTest, SenderRejectionSuppressesNobody) {
  const MessageId id = Accept("ada");
  transport_.SetResult(Replied(550, "5.7.1", "5.7.1 policy"));
  SendDue();
  bounces_.Stop();
  EXPECT_EQ(Record(id).reason, Reason::kSenderRejected);
  EXPECT_THAT(suppressions_.added(), IsEmpty());
}

TEST_F(SenderTest, RetriesTemporaryRejectionsWithTheSameBytes) {
  const MessageId id = Accept("ada");
  transport_.SetResult(Replied(451, "4.7.1", "4.7.1 greylisted"));
  SendDue();
  EXPECT_EQ(Record(id).state, State::kQueued);
  EXPECT_GE(Record(id).next_attempt_time, clock_.Now() + absl::Minutes(5));
  transport_.SetResult(Replied(250, "", ""));
  clock_.Advance(absl::Minutes(10));
  SendDue();
  EXPECT_EQ(Record(id).state, State::kSent);
  EXPECT_EQ(Record(id).attempt_count, 2);
  ASSERT_THAT(transport_.mails(), SizeIs(2));
  EXPECT_EQ(transport_.mails()[0].message, transport_.mails()[1].message);
}

TEST_F(SenderTest, DefersMailOfAnUnknownTransport) {
  Submission submission;
  submission.request_id = "k";
  submission.template_ref = {"enrollment", 1, Category::kEnrollment};
  submission.due_time = clock_.Now();
  submission.expire_time = clock_.Now() + absl::Hours(1);
  submission.transport = "gone";
  submission.items.push_back({{Target::Kind::kRecipient, "recipients/ada"}, "", "k"});
  const auto accepted = store_.Accept({submission}, absl::InfiniteFuture());
  SendDue();
  const MessageRecord record = Record(accepted->front()->items.front().id);
  EXPECT_EQ(record.state, State::kQueued);
  EXPECT_THAT(record.detail, testing::HasSubstr("gone"));
}

TEST_F(SenderTest, StoppedSenderReleasesItsClaim) {
  const MessageId id = Accept("ada");
  TakenClaim taken = Take();
  sender_.Stop();
  sender_.Process(std::move(taken));
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_THAT(transport_.mails(), IsEmpty());
  EXPECT_EQ(Record(id).state, State::kQueued);
  EXPECT_EQ(Record(id).attempt_count, 0);
  EXPECT_EQ(store_.InFlightCount(), 0);
}

TEST_F(SenderTest, ReleasesAClaimNearTheEndOfItsLease) {
  const MessageId id = Accept("ada");
  TakenClaim taken = Take();
  clock_.Advance(absl::Seconds(56));
  sender_.Process(std::move(taken));
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_THAT(transport_.mails(), IsEmpty());
  EXPECT_EQ(Record(id).state, State::kQueued);
}

TEST_F(SenderTest, ReleasesMailThatAShutdownLeftUnsent) {
  const MessageId id = Accept("ada");
  transport_.Stall();
  sender_.Process(Take());
  transport_.Shutdown(absl::ZeroDuration());
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(Record(id).state, State::kQueued);
  EXPECT_EQ(Record(id).attempt_count, 0);
  EXPECT_EQ(budget_.in_use(), 0);
}

// A transport that answers each kind of result must leave no entry in the journal.
TEST_F(SenderTest, EveryResultFreesTheJournal) {
  using Kind = DeliveryResult::Kind;
  for (const Kind kind : {Kind::kAccepted, Kind::kRefused, Kind::kConnectionError, Kind::kAmbiguous,
                          Kind::kCancelled, Kind::kBusy, Kind::kBreakerOpen}) {
    transport_.Stall();
    Accept("student" + std::to_string(static_cast<int>(kind)));
    sender_.Process(Take());
    EXPECT_GT(journal_->in_use(), 0);
    DeliveryResult result;
    result.kind = kind;
    result.retry_time = clock_.Now() + absl::Minutes(1);
    transport_.FinishPending(result);
    EXPECT_TRUE(flusher_.FlushAll());
    EXPECT_EQ(journal_->in_use(), 0) << static_cast<int>(kind);
    EXPECT_EQ(budget_.in_use(), 0) << static_cast<int>(kind);
  }
}

TEST_F(SenderTest, ALostClaimFreesTheJournal) {
  Accept("ada");
  transport_.Stall();
  sender_.Process(Take());
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(store_.RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(1));
  DeliveryResult cancelled;
  cancelled.kind = DeliveryResult::Kind::kCancelled;
  transport_.FinishPending(cancelled);
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(journal_->in_use(), 0);
}

TEST_F(SenderTest, YieldsToUrgentMailBeforeTheCheck) {
  Accept("ada");
  bool yielded = false;
  recipients_.OnCheck([&] { yielded = !priority_gate_.closed(); });
  priority_gate_.UrgentArrived();
  clock_.Advance(PriorityGate::kMaxPause);
  sender_.Process(Take());
  EXPECT_TRUE(yielded);
}

// Rendering threads leave the core to urgent mail without it.
TEST_F(SenderTest, DoesNotYieldBeforeEachMail) {
  Accept("ada");
  recipients_.OnCheck([&] {
    priority_gate_.UrgentArrived();
    clock_.Advance(PriorityGate::kMaxPause);
  });
  sender_.Process(Take());
  EXPECT_TRUE(priority_gate_.closed());
}

TEST_F(SenderTest, KeepsOutcomesWhileTheDatabaseIsUnavailable) {
  const MessageId id = Accept("ada");
  sender_.Process(Take());
  store_.on_flush = [](const auto&) { return absl::UnavailableError("away"); };
  EXPECT_FALSE(flusher_.FlushAll());
  EXPECT_FALSE(flusher_.FlushAll());
  EXPECT_EQ(budget_.in_use(), 1);
  EXPECT_EQ(Record(id).state, State::kSending);
  store_.on_flush = nullptr;
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(budget_.in_use(), 0);
  EXPECT_EQ(Record(id).state, State::kSent);
}

TEST_F(SenderTest, LastOutcomeEndsTheClaimInAnyOrder) {
  const MessageId early = Accept("ada");
  Verdict skip;
  skip.decision = Verdict::Decision::kSkip;
  skip.reason = Reason::kSuppressed;
  recipients_.Set("recipients/ada", skip);
  const MessageId late = Accept("grace");
  transport_.Stall();
  sender_.Process(Take());
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(Record(early).state, State::kSkipped);
  EXPECT_EQ(Record(late).state, State::kSending);
  EXPECT_FALSE(claims_.WaitUntilEmpty(absl::ZeroDuration()));
  transport_.FinishPending(Replied(250, "", ""));
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(Record(late).state, State::kSent);
  EXPECT_TRUE(claims_.WaitUntilEmpty(absl::ZeroDuration()));
}

TEST_F(SenderTest, DoesNotTransmitQueuedMailAfterItsLease) {
  Accept("ada");
  transport_.Stall();
  sender_.Process(Take());
  ASSERT_THAT(transport_.mails(), SizeIs(1));
  const auto may_send = transport_.mails()[0].may_send;
  EXPECT_TRUE(may_send());
  sender_.Stop();
  EXPECT_TRUE(may_send()) << "a shutdown lets what was handed over finish";
  clock_.Advance(absl::Seconds(56));
  EXPECT_FALSE(may_send());
}

TEST_F(SenderTest, RecordsSentMailAfterALostLease) {
  const MessageId id = Accept("ada");
  transport_.Stall();
  sender_.Process(Take());
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(store_.RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(1));
  transport_.FinishPending(Replied(250, "", ""));
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(Record(id).state, State::kSent);
  SendDue();  // whoever gets it next sends nothing
  EXPECT_THAT(transport_.mails(), SizeIs(1));
}

}  // namespace
}  // namespace lmsmail::dispatch
