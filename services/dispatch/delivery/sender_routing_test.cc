#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "services/dispatch/rendering/raw_messages.h"
#include "services/dispatch/testing/delivery_results.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = DeliveryResult::Kind;
using State = TransportHealth::State;

// Payment and demo mail goes by "fake", and by "spare" while that is not available. Other
// mail goes by "fake" alone.
class SenderRoutingTest : public SenderFixture {
 protected:
  SenderRoutingTest()
      : SenderFixture({.transports = {{"spare", {.per_second = 1, .burst = 2}}}},
                      Routing({{.name = "receipts",
                                .categories = {Category::kPayment, Category::kDemo},
                                .transports = {{"fake", 1}, {"spare", 0}}}}),
                      {"spare"}) {}

  MessageId AcceptFor(const std::string& key, Category category, std::string transport = "") {
    const TemplateRef ref{std::string(NameOf(category)), 1, category};
    templates_.Publish(ref, "Hello", "Hello {{user.first_name}}.");
    Submission submission;
    submission.request_id = key;
    submission.template_ref = ref;
    submission.lane = Lane::kTransactional;
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(48);
    submission.transport = std::move(transport);
    submission.items.push_back({{Target::Kind::kRecipient, "recipients/" + key}, "", key});
    const auto accepted = store_.Accept({submission}, absl::InfiniteFuture());
    return accepted->front()->items.front().id;
  }
  MessageId AcceptRouted(const std::string& key) { return AcceptFor(key, Category::kDemo); }
  void Break(FakeTransport& transport, State state, absl::Duration time = absl::Hours(1)) {
    transport.SetHealth({.state = state, .until = clock_.Now() + time});
  }
  static std::string HeaderOf(const OutgoingMail& mail, const std::string& name) {
    const std::size_t start = mail.message.find("\r\n" + name + ": ");
    return mail.message.substr(start + 2, mail.message.find("\r\n", start + 2) - start - 2);
  }

  FakeTransport& spare_ = Other("spare");
};

TEST_F(SenderRoutingTest, MailPrefersTheFirstTransportOfItsRoute) {
  AcceptRouted("ada");
  AcceptFor("zoe", Category::kProgress);
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(2));
  EXPECT_THAT(spare_.mails(), IsEmpty());
  EXPECT_THAT(registry_.Serialize(), testing::Not(HasSubstr("failovers_total{")));
}

TEST_F(SenderRoutingTest, MailTakesTheNextWhileThePreferredIsNotAvailable) {
  for (const State state : {State::kBreakerOpen, State::kUnreachable}) {
    Break(transport_, state);
    const std::string key = state == State::kBreakerOpen ? "a" : "b";
    const MessageId id = AcceptRouted(key);
    SendDue();
    EXPECT_EQ(Record(id).state, dispatch::State::kSent);
  }
  EXPECT_THAT(transport_.mails(), IsEmpty());
  EXPECT_THAT(spare_.mails(), SizeIs(2));
  EXPECT_THAT(registry_.Serialize(),
              HasSubstr("lmsmail_dispatch_failovers_total{from=\"fake\",to=\"spare\"} 2"));
}

TEST_F(SenderRoutingTest, MailWithoutARouteWaits) {
  Break(transport_, State::kUnreachable);
  transport_.SetResult({.kind = Kind::kConnectionError});
  const MessageId id = AcceptFor("ada", Category::kProgress);
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(1)) << "it tries as ever";
  EXPECT_THAT(spare_.mails(), IsEmpty());
  EXPECT_GE(Record(id).next_attempt_time, clock_.Now() + absl::Seconds(3));
}

TEST_F(SenderRoutingTest, MailThatIsGivenBackIsTriedByTheNextAtOnce) {
  DeliveryResult open{.kind = Kind::kBreakerOpen};
  open.retry_time = clock_.Now() + absl::Hours(1);
  const DeliveryResult results[] = {open, {.kind = Kind::kConnectionError}, {.kind = Kind::kBusy}};
  for (const DeliveryResult& result : results) {
    clock_.Advance(absl::Minutes(1));
    const MessageId id = AcceptRouted("mail-" + std::to_string(static_cast<int>(result.kind)));
    transport_.SetResult(result);
    SendDue();
    EXPECT_EQ(Record(id).attempt_count, 0);
    SendDue();
    EXPECT_EQ(Record(id).state, dispatch::State::kSent);
    EXPECT_EQ(Record(id).attempt_count, 1);
    ASSERT_THAT(spare_.mails(), testing::Not(IsEmpty()));
    const OutgoingMail first = transport_.mails().back();
    const OutgoingMail second = spare_.mails().back();
    EXPECT_EQ(HeaderOf(second, "Message-ID"), HeaderOf(first, "Message-ID"));
    EXPECT_EQ(second.message, first.message) << "the sender's identity is the same here";
  }
}

TEST_F(SenderRoutingTest, MailHasTheIdentityOfItsTransportAndCanBeRenderedAgain) {
  spare_.SetFrom("spare@school.example");
  Break(transport_, State::kUnreachable);
  const MessageId id = AcceptRouted("ada");
  SendDue();
  ASSERT_THAT(spare_.mails(), SizeIs(1));
  EXPECT_THAT(spare_.mails()[0].message, HasSubstr("From: The School <spare@school.example>"));
  transport_.SetHealth({});
  const RawMessages raw_messages(recipients_, templates_, transports_, site_, message_ids_,
                                 address_hashes_, nullptr, 1 << 20);
  const RawMessage raw = raw_messages.Render(Record(id), absl::InfiniteFuture());
  EXPECT_EQ(raw.bytes, spare_.mails()[0].message);
  EXPECT_TRUE(raw.verified);
}

TEST_F(SenderRoutingTest, MailThatAProviderBuiltCanBeRenderedAgain) {
  spare_.SetProviderBuilds();
  Break(transport_, State::kUnreachable);
  const MessageId id = AcceptRouted("ada");
  SendDue();
  ASSERT_THAT(spare_.mails(), SizeIs(1));
  const RawMessages raw_messages(recipients_, templates_, transports_, site_, message_ids_,
                                 address_hashes_, nullptr, 1 << 20);
  const RawMessage raw = raw_messages.Render(Record(id), absl::InfiniteFuture());
  EXPECT_TRUE(raw.verified);
  EXPECT_THAT(raw.bytes, HasSubstr("\r\nContent-Type: "));
  EXPECT_THAT(spare_.mails()[0].message, testing::Not(HasSubstr("Content-Type")));
}

TEST_F(SenderRoutingTest, MailThatAllGiveBackWaits) {
  transport_.SetResult({.kind = Kind::kConnectionError});
  spare_.SetResult({.kind = Kind::kConnectionError});
  const MessageId id = AcceptRouted("ada");
  SendDue();
  SendDue();
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(1));
  EXPECT_THAT(spare_.mails(), SizeIs(1));
  EXPECT_GE(Record(id).next_attempt_time, clock_.Now() + absl::Seconds(3));
  clock_.Advance(absl::Minutes(1));
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(2)) << "it begins with the preferred one again";
}

TEST_F(SenderRoutingTest, MailThatNoTransportCanTakeDoesNotWaitAsLongAsABreaker) {
  Break(transport_, State::kBreakerOpen);
  Break(spare_, State::kUnreachable, absl::Seconds(5));
  DeliveryResult open{.kind = Kind::kBreakerOpen};
  open.retry_time = clock_.Now() + absl::Hours(1);
  transport_.SetResult(open);
  const MessageId id = AcceptRouted("ada");
  SendDue();
  EXPECT_LE(Record(id).next_attempt_time, clock_.Now() + absl::Minutes(1));
}

TEST_F(SenderRoutingTest, MailThatMayHaveArrivedIsNeverSentByAnother) {
  transport_.SetResult({.kind = Kind::kAmbiguous});
  const MessageId demo = AcceptFor("ada", Category::kDemo);
  const MessageId receipt = AcceptFor("zoe", Category::kPayment);
  SendDue();
  EXPECT_EQ(Record(demo).state, dispatch::State::kUncertain) << "by its category's policy";
  EXPECT_EQ(Record(receipt).state, dispatch::State::kQueued);
  for (const Kind kind : {Kind::kBreakerOpen, Kind::kConnectionError, Kind::kBusy}) {
    Break(transport_, kind == Kind::kBreakerOpen ? State::kBreakerOpen : State::kUnreachable);
    transport_.SetResult({.kind = kind});
    clock_.Advance(absl::Hours(1));
    SendDue();
    EXPECT_GE(Record(receipt).next_attempt_time, clock_.Now() + absl::Seconds(3)) << "it waits";
  }
  EXPECT_THAT(spare_.mails(), IsEmpty());
  transport_.SetResult(Replied(250));
  clock_.Advance(absl::Hours(1));
  SendDue();
  EXPECT_EQ(Record(receipt).state, dispatch::State::kSent);
  EXPECT_THAT(spare_.mails(), IsEmpty());
}

TEST_F(SenderRoutingTest, MailThatNamesItsTransportUsesNoOther) {
  transport_.SetResult({.kind = Kind::kConnectionError});
  Break(transport_, State::kUnreachable);
  AcceptFor("ada", Category::kDemo, "fake");
  for (int i = 0; i < 3; ++i) {
    SendDue();
    clock_.Advance(absl::Hours(1));
  }
  EXPECT_THAT(transport_.mails(), SizeIs(3));
  EXPECT_THAT(spare_.mails(), IsEmpty());
}

TEST_F(SenderRoutingTest, MailIsLimitedByTheRateOfTheTransportItTakes) {
  Break(transport_, State::kUnreachable);
  for (int i = 0; i < 20; ++i) AcceptRouted("s" + std::to_string(i));
  SendDue();
  EXPECT_LT(spare_.mails().size(), 10u);
  transport_.SetHealth({});
  for (int i = 20; i < 40; ++i) AcceptRouted("s" + std::to_string(i));
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(20));
}

TEST_F(SenderRoutingTest, OneMailProbesATransportAndTheRestGoesByTheNext) {
  Break(transport_, State::kBreakerOpen, absl::ZeroDuration());
  AcceptRouted("a");
  AcceptRouted("b");
  SendDue();
  EXPECT_THAT(transport_.mails(), SizeIs(1));
  EXPECT_THAT(spare_.mails(), SizeIs(1));
}

}  // namespace
}  // namespace lmsmail::dispatch
