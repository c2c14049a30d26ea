#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/testing/dispatch_service_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::_;
using testing::HasSubstr;
using testing::Not;

TEST_F(DispatchServiceTest, FullViewHasTheSentBytes) {
  const v1::Message accepted = Sent("enrollment/1");
  EXPECT_EQ(accepted.state(), v1::STATE_QUEUED);
  EXPECT_EQ(accepted.template_version(), "templates/enrollment/versions/1");
  EXPECT_EQ(accepted.lane(), lmsmail::type::v1::LANE_TRANSACTIONAL);
  EXPECT_EQ(accepted.request_id(), "enrollment/1");

  v1::GetMessageRequest full = ByKey("enrollment/1");
  full.set_view(v1::MESSAGE_VIEW_FULL);
  ASSERT_OK_AND_ASSIGN(const v1::Message message, Call(&Stub::GetMessage, full));
  EXPECT_EQ(message.name(), accepted.name());
  EXPECT_EQ(message.state(), v1::STATE_SENT);
  EXPECT_TRUE(message.raw_verified());
  EXPECT_THAT(message.raw(), HasSubstr("Message-ID: <" + message.message_id() + ">"));
  EXPECT_EQ(message.context().fields().at("course").string_value(), "C++");

  // The bytes are not verified after the recipient changed, and unavailable after it was erased.
  Verdict renamed = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"});
  renamed.recipient.display_name = "Grace Hopper";
  recipients_.Set("recipients/ada", renamed);
  ASSERT_OK_AND_ASSIGN(const v1::Message changed, Call(&Stub::GetMessage, full));
  EXPECT_FALSE(changed.raw_verified());
  recipients_.Set("recipients/ada", Verdict{});
  ASSERT_OK_AND_ASSIGN(const v1::Message erased, Call(&Stub::GetMessage, full));
  EXPECT_EQ(erased.raw(), "");
  EXPECT_THAT(erased.raw_unavailable_reason(), HasSubstr("erased"));
}

TEST_F(DispatchServiceTest, SendIsIdempotentByRequestId) {
  ASSERT_OK_AND_ASSIGN(const v1::Message first, Call(&Stub::Send, ToAda("k")));
  ASSERT_OK_AND_ASSIGN(const v1::Message again, Call(&Stub::Send, ToAda("k")));
  EXPECT_EQ(first.name(), again.name());
  EXPECT_FALSE(first.duplicate());
  EXPECT_TRUE(again.duplicate());
  v1::SendRequest other = ToAda("k");
  other.mutable_target()->set_recipient("recipients/grace");
  EXPECT_THAT(Call(&Stub::Send, other), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(DispatchServiceTest, ValidateOnlyStoresNothing) {
  v1::SendRequest request = ToAda("k");
  request.set_validate_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::Message message, Call(&Stub::Send, request));
  EXPECT_EQ(message.name(), "");
  EXPECT_THAT(Call(&Stub::GetMessage, ByKey("k")), StatusIs(absl::StatusCode::kNotFound));
  request.set_request_id("");
  request.clear_target();
  const auto refused = Call(&Stub::Send, request);
  EXPECT_THAT(refused, rpc::HasViolation("request_id", _));
  EXPECT_THAT(refused, rpc::HasViolation("target", _));
}

TEST_F(DispatchServiceTest, SendBatchReturnsResultsAndGetBatchProgress) {
  v1::SendBatchRequest request;
  request.mutable_header()->set_request_id("batch/1");
  request.mutable_header()->set_template_("templates/enrollment");
  for (int i = 0; i < 3; ++i) {
    request.add_items()->mutable_target()->set_recipient("recipients/s" + std::to_string(i));
  }
  request.add_items();  // without a target
  Verdict skip;
  skip.decision = Verdict::Decision::kSkip;
  skip.reason = Reason::kSuppressed;
  recipients_.Set("recipients/s1", skip);
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse response, Call(&Stub::SendBatch, request));
  ASSERT_EQ(response.results_size(), 4);
  EXPECT_EQ(response.accepted_count(), 3);
  EXPECT_EQ(response.results(3).status().code(), 3);
  EXPECT_THAT(response.results(3).status().message(), HasSubstr("items[3].target"));

  v1::GetBatchRequest get;
  get.set_name(response.batch());
  ASSERT_OK_AND_ASSIGN(v1::Batch batch, Call(&Stub::GetBatch, get));
  EXPECT_EQ(batch.state(), v1::Batch::STATE_RUNNING);
  EXPECT_EQ(batch.pending_count(), 3);
  SendDue();
  ASSERT_OK_AND_ASSIGN(batch, Call(&Stub::GetBatch, get));
  EXPECT_EQ(batch.state(), v1::Batch::STATE_DONE);
  EXPECT_EQ(batch.sent_count(), 2);
  ASSERT_EQ(batch.skipped_size(), 1);
  EXPECT_EQ(batch.skipped(0).reason(), v1::REASON_SUPPRESSED);
}

TEST_F(DispatchServiceTest, BatchHasAMaxRate) {
  v1::SendBatchRequest request;
  request.mutable_header()->set_request_id("batch/1");
  request.mutable_header()->set_template_("templates/enrollment");
  request.add_items()->mutable_target()->set_recipient("recipients/a");
  for (const double rate : {-1.0, 0.001, 2e6, std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity()}) {
    request.mutable_header()->set_max_rate_per_second(rate);
    EXPECT_THAT(Call(&Stub::SendBatch, request),
                rpc::HasViolation("header.max_rate_per_second", HasSubstr("0.01 to 1000000")))
        << rate;
  }
  request.mutable_header()->set_max_rate_per_second(0.5);
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse response, Call(&Stub::SendBatch, request));
  v1::GetBatchRequest get;
  get.set_name(response.batch());
  ASSERT_OK_AND_ASSIGN(const v1::Batch batch, Call(&Stub::GetBatch, get));
  EXPECT_EQ(batch.max_rate_per_second(), 0.5);
}

TEST_F(DispatchServiceTest, CancelledBatchSendsNothing) {
  v1::SendBatchRequest request;
  request.mutable_header()->set_request_id("batch/1");
  request.mutable_header()->set_template_("templates/enrollment");
  request.add_items()->mutable_target()->set_recipient("recipients/a");
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse response, Call(&Stub::SendBatch, request));
  v1::CancelBatchRequest cancel;
  cancel.set_name(response.batch());
  ASSERT_OK_AND_ASSIGN(const v1::Batch batch, Call(&Stub::CancelBatch, cancel));
  EXPECT_EQ(batch.state(), v1::Batch::STATE_CANCELLED);
  SendDue();
  v1::GetMessageRequest get;
  get.set_name(response.results(0).message());
  ASSERT_OK_AND_ASSIGN(const v1::Message message, Call(&Stub::GetMessage, get));
  EXPECT_EQ(message.state(), v1::STATE_CANCELLED);
}

TEST_F(DispatchServiceTest, SendBulkAcceptsSeveralChunks) {
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(absl::Seconds(20)), context);
  v1::SendBulkResponse response;
  const auto writer = stub_->SendBulk(&context, &response);
  v1::SendBulkRequest message;
  message.mutable_header()->set_request_id("bulk/1");
  message.mutable_header()->set_template_("templates/enrollment");
  ASSERT_TRUE(writer->Write(message));
  message.clear_header();
  for (int chunk = 0; chunk < 3; ++chunk) {
    message.clear_items();
    for (int i = 0; i < 100; ++i) {
      message.add_items()->mutable_target()->set_recipient("recipients/s");
    }
    message.mutable_items(7)->clear_target();
    ASSERT_TRUE(writer->Write(message));
  }
  ASSERT_TRUE(writer->WritesDone());
  const grpc::Status status = writer->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.accepted_count(), 297);
  EXPECT_EQ(response.refused_count(), 3);
  ASSERT_EQ(response.refusals_size(), 3);
  EXPECT_EQ(response.refusals(2).index(), 207);
}

TEST_F(DispatchServiceTest, SendBulkRequiresAHeader) {
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(absl::Seconds(20)), context);
  v1::SendBulkResponse response;
  const auto writer = stub_->SendBulk(&context, &response);
  v1::SendBulkRequest message;
  message.add_items();
  writer->Write(message);
  writer->WritesDone();
  EXPECT_THAT(writer->Finish(), rpc::HasViolation("header", _));
}

TEST_F(DispatchServiceTest, ExplainsAMail) {
  Sent("enrollment/1");
  v1::ExplainMessageRequest request;
  request.set_request_id("enrollment/1");
  ASSERT_OK_AND_ASSIGN(const v1::ExplainMessageResponse response,
                       Call(&Stub::ExplainMessage, request));
  ASSERT_EQ(response.entries_size(), 2);
  EXPECT_EQ(response.entries(0).kind(), v1::TimelineEntry::KIND_ACCEPTED);
  EXPECT_EQ(response.entries(1).kind(), v1::TimelineEntry::KIND_SENT);
  EXPECT_EQ(response.entries(1).transport(), "fake");
  EXPECT_THAT(response.summary(), HasSubstr("the server said: 250 2.0.0 queued"));
}

TEST_F(DispatchServiceTest, CancelsWaitingMailAndRefusesSentMail) {
  v1::CancelMessageRequest cancel;
  ASSERT_OK(Call(&Stub::Send, ToAda("waits")));
  cancel.set_request_id("waits");
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::Message message, Call(&Stub::CancelMessage, cancel));
    EXPECT_EQ(message.state(), v1::STATE_CANCELLED);
  }
  Sent("sent");
  cancel.set_request_id("sent");
  const auto late = Call(&Stub::CancelMessage, cancel);
  EXPECT_THAT(late, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("STATE_SENT")));
  EXPECT_THAT(late, rpc::HasReason("TOO_LATE_TO_CANCEL"));
}

TEST_F(DispatchServiceTest, RetriesSkippedMail) {
  Verdict skip;
  skip.decision = Verdict::Decision::kSkip;
  skip.reason = Reason::kUnsubscribed;
  recipients_.Set("recipients/ada", skip);
  const v1::Message message = Sent("enrollment/1");
  recipients_.Set("recipients/ada",
                  FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"}));
  v1::RetryMessageRequest retry;
  retry.set_name(message.name());
  EXPECT_THAT(Call(&Stub::RetryMessage, retry), rpc::HasViolation("request_id", _));
  retry.set_request_id("again/1");
  ASSERT_OK(Call(&Stub::RetryMessage, retry));
  SendDue();
  ASSERT_OK_AND_ASSIGN(const v1::Message sent, Call(&Stub::GetMessage, ByKey("enrollment/1")));
  EXPECT_EQ(sent.state(), v1::STATE_SENT);
}

TEST_F(DispatchServiceTest, TellsThatTheContentWasDropped) {
  v1::SendRequest to_address = ToAda("enrollment/1");
  to_address.mutable_target()->set_email_address("ada@students.example");
  ASSERT_OK(Call(&Stub::Send, to_address));
  SendDue();
  const v1::Message to_recipient = Sent("enrollment/2");
  clock_.Advance(absl::Hours(24 * 31));
  ASSERT_OK(store_.DropContent({{Category::kEnrollment, clock_.Now() - absl::Hours(24 * 30)}}));

  v1::GetMessageRequest full = ByKey("enrollment/1");
  full.set_view(v1::MESSAGE_VIEW_FULL);
  ASSERT_OK_AND_ASSIGN(v1::Message message, Call(&Stub::GetMessage, full));
  EXPECT_TRUE(message.has_content_drop_time());
  EXPECT_FALSE(message.has_target());
  EXPECT_TRUE(message.context().fields().empty());
  EXPECT_EQ(message.raw(), "");
  EXPECT_THAT(message.raw_unavailable_reason(), HasSubstr("content was dropped at 20"));
  EXPECT_EQ(message.state(), v1::STATE_SENT);
  EXPECT_EQ(message.request_id(), "enrollment/1");
  ASSERT_OK_AND_ASSIGN(message, Call(&Stub::GetMessage, ByKey("enrollment/2")));
  EXPECT_EQ(message.target().recipient(), "recipients/ada") << "support finds the mail by it";

  v1::RetryMessageRequest retry;
  retry.set_name(to_recipient.name());
  retry.set_request_id("again/1");
  const auto refused = Call(&Stub::RetryMessage, retry);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("dropped 31 days after it was due")));
  EXPECT_THAT(refused, rpc::HasReason("CONTENT_DROPPED"));
  v1::ExplainMessageRequest explain;
  explain.set_name(to_recipient.name());
  ASSERT_OK_AND_ASSIGN(const auto explained, Call(&Stub::ExplainMessage, explain));
  EXPECT_THAT(explained.summary(), HasSubstr("Its content was dropped at"));
}

TEST_F(DispatchServiceTest, ListsMessagesNewestFirstInPages) {
  for (int i = 0; i < 5; ++i) Sent("k" + std::to_string(i));
  v1::ListMessagesRequest list;
  list.set_page_size(2);
  list.set_template_("templates/enrollment");
  list.mutable_target()->set_recipient("recipients/ada");
  std::vector<std::string> keys;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListMessagesResponse page, Call(&Stub::ListMessages, list));
    for (const v1::Message& message : page.messages()) keys.push_back(message.request_id());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(keys, testing::ElementsAre("k4", "k3", "k2", "k1", "k0"));
  list.set_page_token("garbage");
  EXPECT_THAT(Call(&Stub::ListMessages, list), rpc::HasViolation("page_token", _));
}

TEST_F(DispatchServiceTest, ListsByTheCanonicalFormOfAnAddressAndByLabels) {
  v1::ListMessagesRequest list;
  list.mutable_target()->set_email_address("Ada@B\u00fccher.EXAMPLE");
  (*list.mutable_labels())["course"] = "cpp-101";
  ASSERT_OK(Call(&Stub::ListMessages, list));
  ASSERT_TRUE(log_.last_filter.target);
  EXPECT_EQ(log_.last_filter.target->value, "ada@xn--bcher-kva.example");
  EXPECT_THAT(log_.last_filter.labels, testing::ElementsAre(testing::Pair("course", "cpp-101")));
  list.mutable_target()->set_email_address("Ada <ada@students.example>");
  EXPECT_THAT(Call(&Stub::ListMessages, list), rpc::HasViolation("target.email_address", _));
}

// The bytes of a map differ from one call to the next unless they are sorted.
TEST_F(DispatchServiceTest, PageTokensSurviveAnyOrderOfLabels) {
  Sent("k1");
  Sent("k2");
  v1::ListMessagesRequest list;
  list.set_page_size(1);
  const std::vector<std::string> keys = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (const std::string& key : keys) (*list.mutable_labels())[key] = "x";
  ASSERT_OK_AND_ASSIGN(const v1::ListMessagesResponse page, Call(&Stub::ListMessages, list));
  ASSERT_FALSE(page.next_page_token().empty());
  v1::ListMessagesRequest next;
  next.set_page_size(1);
  next.set_page_token(page.next_page_token());
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) (*next.mutable_labels())[*key] = "x";
  EXPECT_OK(Call(&Stub::ListMessages, next));
}

TEST_F(DispatchServiceTest, RecordsEventsOnceAndSuppressesComplaints) {
  const v1::Message message = Sent("k");
  v1::RecordEventsRequest request;
  v1::ProviderEvent* event = request.add_events();
  event->set_event_id("e1");
  event->set_type(v1::ProviderEvent::TYPE_COMPLAINED);
  event->set_message_id("<" + message.message_id() + ">");
  event = request.add_events();
  event->set_event_id("e2");
  event->set_type(v1::ProviderEvent::TYPE_OPENED);
  event->set_message_id("<someone@else.example>");
  ASSERT_OK_AND_ASSIGN(v1::RecordEventsResponse counts, Call(&Stub::RecordEvents, request));
  EXPECT_EQ(counts.recorded_count(), 1);
  EXPECT_EQ(counts.unknown_count(), 1);
  ASSERT_OK_AND_ASSIGN(counts, Call(&Stub::RecordEvents, request));
  EXPECT_EQ(counts.duplicate_count(), 1);
  EXPECT_TRUE(suppressions_.WaitFor("ada@students.example"));
  EXPECT_EQ(suppressions_.added().at("ada@students.example"), SuppressionCause::kComplained);

  request.mutable_events(0)->set_event_id("");
  request.mutable_events(0)->set_at_other_address(true);
  request.mutable_events(1)->clear_message_id();
  request.mutable_events(1)->set_detail(std::string("a\0b", 3));
  const auto refused = Call(&Stub::RecordEvents, request);
  EXPECT_THAT(refused, rpc::HasViolation("events[1].detail", _));
  EXPECT_THAT(refused, rpc::HasViolation("events[0].event_id", _));
  EXPECT_THAT(refused, rpc::HasViolation("events[0].at_other_address", _));
  EXPECT_THAT(refused, rpc::HasViolation("events[1].message", _));
}

TEST_F(DispatchServiceTest, ABounceAtAnotherAddressSuppressesNothing) {
  const v1::Message message = Sent("k");
  v1::RecordEventsRequest request;
  v1::ProviderEvent& event = *request.add_events();
  event.set_event_id("e1");
  event.set_type(v1::ProviderEvent::TYPE_BOUNCED);
  event.set_message(message.name());
  event.set_detail("550 5.1.1 no such user");
  event.set_at_other_address(true);
  ASSERT_OK_AND_ASSIGN(v1::RecordEventsResponse counts, Call(&Stub::RecordEvents, request));
  EXPECT_EQ(counts.recorded_count(), 1);
  EXPECT_TRUE(suppressions_.added().empty());
}

TEST_F(DispatchServiceTest, RecordsNoOpensOfWhoRefused) {
  const v1::Message message = Sent("k");
  v1::RecordEventsRequest request;
  v1::ProviderEvent* event = request.add_events();
  event->set_event_id("e1");
  event->set_type(v1::ProviderEvent::TYPE_CLICKED);
  event->set_message(message.name());
  event->set_link(2);
  event->set_link_count(3);
  event->set_machine(true);
  tracking_.Refuse("recipients/ada");
  ASSERT_OK_AND_ASSIGN(const v1::RecordEventsResponse counts, Call(&Stub::RecordEvents, request));
  EXPECT_EQ(counts.opted_out_count(), 1);
  EXPECT_EQ(counts.recorded_count(), 0);

  event->set_link_count(1);
  EXPECT_THAT(Call(&Stub::RecordEvents, request), rpc::HasViolation("events[0].link", _));
  event->set_link_count(-1);
  EXPECT_THAT(Call(&Stub::RecordEvents, request), rpc::HasViolation("events[0].link_count", _));
  event->set_type(v1::ProviderEvent::TYPE_BOUNCED);
  EXPECT_THAT(Call(&Stub::RecordEvents, request), rpc::HasViolation("events[0].machine", _));
}

TEST_F(DispatchServiceTest, ReplaysReportsOfTheLog) {
  Sent("large");
  v1::SendRequest to_grace = ToAda("k");
  to_grace.mutable_target()->set_recipient("recipients/grace");
  ASSERT_OK(Call(&Stub::Send, to_grace));
  const MessageId to_grace_id = log_.FindByKey("k", absl::InfiniteFuture())->at("anonymous");
  const std::string hash =
      address_hashes_.Of(to_grace_id, *address::ParseEmailAddress("grace@students.example"));
  log_.address_reports = {{log_.FindByKey("large", absl::InfiniteFuture())->at("anonymous"),
                           std::nullopt, 550, "5.2.3", "", ""},  // the mail was too large
                          {to_grace_id, std::nullopt, 550, "5.1.1", "", hash}};

  FakeSuppressionList list;
  BounceReporter bounces(list);
  EventRecorder recorder(log_, recipients_, tracking_, consent_, address_hashes_, bounces);
  const absl::Time since = clock_.Now() - absl::Hours(1);
  recipients_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(recorder.Replay(since), StatusIs(absl::StatusCode::kUnavailable));
  recipients_.SetStatus(absl::OkStatus());
  ASSERT_OK(recorder.Replay(since));
  EXPECT_TRUE(list.WaitFor("grace@students.example"));
  bounces.Stop();
  EXPECT_EQ(list.added().size(), 1u);
}

TEST_F(DispatchServiceTest, CountsMailByDay) {
  DayStats& day = log_.stats.emplace_back();
  day.day = absl::UnixEpoch();
  day.template_key = "enrollment";
  day.sent = 3;
  day.bounced = 2;
  ASSERT_OK_AND_ASSIGN(const v1::GetMailStatsResponse stats,
                       Call(&Stub::GetMailStats, v1::GetMailStatsRequest()));
  ASSERT_EQ(stats.stats_size(), 1);
  EXPECT_EQ(stats.stats(0).template_(), "templates/enrollment");
  EXPECT_EQ(stats.stats(0).sent_count(), 3);
  EXPECT_EQ(stats.stats(0).bounced_count(), 2);
  v1::GetMailStatsRequest bad;
  bad.set_template_("templates/enrollment/versions/1");
  EXPECT_THAT(Call(&Stub::GetMailStats, bad), rpc::HasViolation("template", _));
}

TEST_F(DispatchServiceTest, RefusesInvalidNames) {
  v1::GetMessageRequest get;
  EXPECT_THAT(Call(&Stub::GetMessage, get), rpc::HasViolation("name", _));
  get.set_name("messages/1");
  EXPECT_THAT(Call(&Stub::GetMessage, get), rpc::HasViolation("name", _));
  get.set_name("messages/0448100000001");
  EXPECT_THAT(Call(&Stub::GetMessage, get), StatusIs(absl::StatusCode::kNotFound));
  get.set_request_id("both");
  EXPECT_THAT(Call(&Stub::GetMessage, get), rpc::HasViolation("name", _));
}

TEST_F(DispatchServiceTest, PreviewsTheMailThatSendWouldSend) {
  Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"});
  verdict.recipient.unsubscribe_url = "https://mail.example/u/secret";
  recipients_.Set("recipients/ada", verdict);
  v1::PreviewMessageRequest request;
  request.set_template_("templates/weekly_progress");
  request.mutable_target()->set_recipient("recipients/ada");
  *request.mutable_context() = StructFromJson(R"({"minutes": 1234})");
  ASSERT_OK_AND_ASSIGN(const v1::PreviewMessageResponse preview,
                       Call(&Stub::PreviewMessage, request));
  EXPECT_EQ(preview.subject(), "Your week");
  EXPECT_THAT(preview.text(), HasSubstr("You learnt 1,234 minutes."));
  EXPECT_THAT(preview.html(), HasSubstr("<p>You learnt"));
  EXPECT_THAT(preview.text(), Not(HasSubstr("secret")));
  ASSERT_OK_AND_ASSIGN(const v1::ListMessagesResponse none,
                       Call(&Stub::ListMessages, v1::ListMessagesRequest()));
  EXPECT_EQ(none.messages_size(), 0);

  request.clear_context();
  EXPECT_THAT(Call(&Stub::PreviewMessage, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("minutes is missing")));
  recipients_.Set("recipients/ada", Verdict{});
  EXPECT_THAT(Call(&Stub::PreviewMessage, request), StatusIs(absl::StatusCode::kNotFound));
  const auto invalid = Call(&Stub::PreviewMessage, v1::PreviewMessageRequest());
  EXPECT_THAT(invalid, rpc::HasViolation("template", _));
  EXPECT_THAT(invalid, rpc::HasViolation("target", _));
}

}  // namespace
}  // namespace lmsmail::dispatch
