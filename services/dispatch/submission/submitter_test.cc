#include "services/dispatch/submission/submitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/testing/fake_message_log.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
  return fields;
}

class SubmitterTest : public testing::Test {
 protected:
  static MailHeader Header(std::string request_id = "enrollment/1") {
    MailHeader header;
    header.request_id = std::move(request_id);
    header.template_name = "templates/enrollment";
    return header;
  }
  MailItem To(std::string recipient = "recipients/ada") {
    MailItem item;
    item.target = Target{Target::Kind::kRecipient, std::move(recipient)};
    item.context = Context(R"({"minutes": 42})");
    return item;
  }
  static MailItem ToAddress(std::string address) {
    MailItem item;
    item.target = Target{Target::Kind::kAddress, std::move(address)};
    return item;
  }
  MailContext Context(google::protobuf::Struct values) {
    return MailContext(values_.emplace_back(std::move(values)));
  }
  MailContext Context(const std::string& json) { return Context(StructFromJson(json)); }
  absl::StatusOr<MessageRecord> Send(const MailHeader& header, MailItem item, std::int64_t digest) {
    absl::StatusOr<MessageRecord> result = absl::UnknownError("no result");
    absl::Notification done;
    submitter_.Send(header, std::move(item), digest, {}, absl::InfiniteFuture(),
                    [&](absl::StatusOr<SendResult> sent) {
                      if (sent.ok()) {
                        duplicate_ = sent->duplicate;
                        result = std::move(sent->record);
                      } else {
                        result = sent.status();
                      }
                      done.Notify();
                    });
    done.WaitForNotification();
    return result;
  }
  int Due() { return store_.WaitingCount(); }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  FakeMessageLog log_{store_};
  FakeTemplateSource templates_;
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> duplicate_ = false;  // of the last Send that was accepted
  std::atomic<int> accepting_ = 0;
  std::atomic<int> due_ = 0;                     // mails accepted that were due
  std::deque<google::protobuf::Struct> values_;  // of the contexts
  Submitter submitter_{{.clock = clock_,
                        .templates = templates_,
                        .queue = store_,
                        .log = log_,
                        .transports = {"console", "smtp"},
                        .before_accept = [this](Lane) { ++accepting_; },
                        .accept_ended =
                            [this](Lane, int mails) {
                              --accepting_;
                              due_ += mails;
                            },
                        .after_accept = [this](Lane, int mails) { accepted_ += mails; }}};
};

TEST_F(SubmitterTest, SetsVersionLaneAndExpireTime) {
  ASSERT_OK_AND_ASSIGN(const MessageRecord record, Send(Header(), To(), 1));
  EXPECT_NE(record.mail.id, 0);
  EXPECT_EQ(record.mail.template_ref, (TemplateRef{"enrollment", 1, Category::kEnrollment}));
  EXPECT_EQ(record.mail.lane, Lane::kTransactional);
  EXPECT_EQ(record.mail.expire_time, clock_.Now() + absl::Hours(72));
  EXPECT_EQ(record.state, State::kQueued);
  EXPECT_EQ(accepted_, 1);

  MailHeader weekly = Header("weekly/1");
  weekly.template_name = "templates/weekly_progress";
  ASSERT_OK_AND_ASSIGN(const MessageRecord bulk, Send(weekly, To(), 2));
  EXPECT_EQ(bulk.mail.lane, Lane::kBulk);
  EXPECT_EQ(bulk.mail.expire_time, clock_.Now() + absl::Hours(48));
}

// Ordinary mail yields to it, so scheduled and repeated mail must not be announced.
TEST_F(SubmitterTest, AnnouncesOnlyNewMailThatIsDue) {
  MailHeader later = Header("later");
  later.send_time = clock_.Now() + absl::Hours(1);
  ASSERT_OK(Send(later, To(), 1));
  EXPECT_EQ(accepted_, 1);
  EXPECT_EQ(due_, 0);
  ASSERT_OK(Send(Header("now"), To(), 2));
  EXPECT_EQ(due_, 1);
  ASSERT_OK(Send(Header("now"), To(), 2));
  EXPECT_THAT(Send(Header("now"), To(), 3), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(due_, 1);
  EXPECT_EQ(accepting_, 0);
}

TEST_F(SubmitterTest, ReturnsTheMailAsStored) {
  MailHeader header = Header();
  header.send_time = clock_.Now() + absl::Hours(3);
  header.labels = {{"course", "cpp"}};
  header.transport = "smtp";
  header.language_code = "de";
  ASSERT_OK_AND_ASSIGN(const MessageRecord record, Send(header, To(), 1));
  const MessageRecord logged = store_.Get(record.mail.id);
  EXPECT_EQ(record.state, State::kScheduled);
  EXPECT_EQ(logged.state, record.state);
  EXPECT_EQ(logged.mail.due_time, record.mail.due_time);
  EXPECT_EQ(logged.mail.expire_time, record.mail.expire_time);
  EXPECT_EQ(logged.mail.labels, record.mail.labels);
  EXPECT_EQ(logged.mail.transport, record.mail.transport);
  EXPECT_EQ(logged.mail.language_code, record.mail.language_code);
  EXPECT_EQ(logged.mail.target, record.mail.target);
  EXPECT_EQ(logged.mail.request_id, record.mail.request_id);
}

TEST_F(SubmitterTest, AcceptsAKeyOnce) {
  ASSERT_OK_AND_ASSIGN(const MessageRecord first, Send(Header(), To(), 1));
  EXPECT_FALSE(duplicate_);
  ASSERT_OK_AND_ASSIGN(const MessageRecord again, Send(Header(), To(), 1));
  EXPECT_TRUE(duplicate_);
  EXPECT_EQ(first.mail.id, again.mail.id);
  EXPECT_THAT(Send(Header(), To("recipients/other"), 2),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Due(), 1);
  EXPECT_EQ(accepted_, 1);
}

TEST_F(SubmitterTest, RepeatedSendReturnsTheFirstMailAfterChanges) {
  MailHeader header = Header();
  header.expire_time = clock_.Now() + absl::Hours(1);
  header.transport = "smtp";
  ASSERT_OK_AND_ASSIGN(const MessageRecord first, Send(header, To(), 1));
  clock_.Advance(absl::Hours(2));
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "New", "{{more}}",
                     {{.name = "more", .required = true}});
  ASSERT_OK_AND_ASSIGN(const MessageRecord again, Send(header, To(), 1));
  EXPECT_EQ(again.mail.id, first.mail.id);
  EXPECT_TRUE(duplicate_);
  EXPECT_EQ(again.mail.template_ref.version, 1);
  templates_.SetStatus(absl::NotFoundError("deleted"));
  EXPECT_OK(Send(header, To(), 1));
  EXPECT_THAT(FieldsOf(Send(header, To(), 2).status()), ElementsAre("expire_time"))
      << "another body is not the same call";
  EXPECT_THAT(FieldsOf(Send(Header(""), To(), 1).status()), ElementsAre("request_id"));
}

TEST_F(SubmitterTest, RepeatedBatchReturnsTheFirstResultAfterChanges) {
  MailHeader header = Header("batch/1");
  header.expire_time = clock_.Now() + absl::Hours(1);
  const std::vector<MailItem> items = {To("recipients/a"), To("recipients/b")};
  ASSERT_OK_AND_ASSIGN(const BatchResult first,
                       submitter_.SendBatch(header, items, 1, {}, absl::InfiniteFuture()));
  clock_.Advance(absl::Hours(2));
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "New", "{{more}}",
                     {{.name = "more", .required = true}});
  ASSERT_OK_AND_ASSIGN(const BatchResult again,
                       submitter_.SendBatch(header, items, 1, {}, absl::InfiniteFuture()));
  EXPECT_EQ(again.batch, first.batch);
  ASSERT_THAT(again.items, SizeIs(2));
  EXPECT_EQ(again.items[1].id, first.items[1].id);
  EXPECT_THAT(submitter_.SendBatch(header, items, 2, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(header, {}, absl::InfiniteFuture()));
  EXPECT_OK(bulk.Add(items, 1, absl::InfiniteFuture()));
  EXPECT_OK(bulk.Finish());
}

TEST_F(SubmitterTest, ReportsMissingRequiredVariables) {
  templates_.Publish({"welcome", 3, Category::kEnrollment}, "{{product.title}}",
                     "{{user.first_name}} {{#lessons}}{{name}}{{/lessons}}",
                     {{.name = "product.title", .required = true},
                      {.name = "user.nickname", .required = true},
                      {.name = "postal_address", .required = true},
                      {.name = "lessons",
                       .type = render::VariableType::kList,
                       .fields = {{.name = "name", .required = true}}}});
  MailHeader header = Header();
  header.template_name = "templates/welcome";
  MailItem item = To();
  item.context = Context(R"({"lessons": [{"name": "1"}, {}]})");
  const auto refused = Send(header, item, 1);
  EXPECT_THAT(FieldsOf(refused.status()),
              UnorderedElementsAre("context.product.title", "context.user.nickname",
                                   "context.lessons[1].name"));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("templates/welcome/versions/3"));
  EXPECT_THAT(FieldsOf(submitter_.Validate(header, item, {}, absl::InfiniteFuture()).status()),
              SizeIs(3));

  MailItem good = To();
  good.context = Context(R"({"user": {"nickname": "Ada"}})");
  MailHeader batch = header;
  batch.request_id = "batch/1";
  batch.shared_context = StructFromJson(R"({"product": {"title": "C++"}})");
  const std::vector<MailItem> items = {good, item};
  ASSERT_OK_AND_ASSIGN(const BatchResult result,
                       submitter_.SendBatch(batch, items, 1, {}, absl::InfiniteFuture()));
  EXPECT_OK(result.items[0].status);
  EXPECT_THAT(
      FieldsOf(result.items[1].status),
      UnorderedElementsAre("items[1].context.user.nickname", "items[1].context.lessons[1].name"));
  EXPECT_EQ(Due(), 1);
}

TEST_F(SubmitterTest, SendNeedsNoContentButBatchDoes) {
  MailHeader header = Header();
  header.template_name = "templates/weekly_progress";
  MailItem item = To();
  item.context = MailContext();
  EXPECT_THAT(FieldsOf(Send(header, item, 1).status()), ElementsAre("context.minutes"));
  templates_.SetContentStatus(absl::UnavailableError("down"));
  EXPECT_OK(Send(header, item, 1));
  header.request_id = "batch/1";
  EXPECT_THAT(submitter_.SendBatch(header, {item}, 1, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SubmitterTest, ValidateOnlyStoresNothing) {
  ASSERT_OK_AND_ASSIGN(const MessageRecord record,
                       submitter_.Validate(Header(), To(), {}, absl::InfiniteFuture()));
  EXPECT_EQ(record.mail.id, 0);
  EXPECT_EQ(Due(), 0);
  EXPECT_THAT(submitter_.Validate(Header(""), To(), {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SubmitterTest, ReportsAllViolationsAtOnce) {
  MailHeader header;
  header.template_name = "enrollment";
  header.send_time = clock_.Now() + absl::Hours(24 * 400);
  header.expire_time = clock_.Now() - absl::Seconds(1);
  header.language_code = "d e";
  header.labels = {{"", "x"}, {"key", std::string(64, 'v')}};
  header.transport = "pigeon";
  const auto refused = Send(header, MailItem{}, 1);
  EXPECT_THAT(FieldsOf(refused.status()),
              UnorderedElementsAre("target", "request_id", "template", "send_time", "expire_time",
                                   "language_code", "labels", "labels[\"key\"]", "transport"));
  EXPECT_EQ(Due(), 0);
}

TEST_F(SubmitterTest, RefusesInvalidTargets) {
  for (const std::string address :
       {"a@b.example\r\nRCPT TO:<x@y.example>", "a@b.example\n", "Ann <ann@b.example>",
        "a@b.example,c@d.example", "", "no-at-sign"}) {
    EXPECT_THAT(FieldsOf(Send(Header(), ToAddress(address), 1).status()),
                ElementsAre("target.email_address"))
        << address;
  }
  EXPECT_THAT(FieldsOf(Send(Header(), To("recipients/a\r\nb"), 1).status()),
              ElementsAre("target.recipient"));
}

TEST_F(SubmitterTest, NormalizesAddresses) {
  ASSERT_OK_AND_ASSIGN(const MessageRecord record,
                       Send(Header(), ToAddress("Ann@SCHOOL.Example"), 1));
  EXPECT_EQ(record.mail.target.value, "Ann@school.example");
}

TEST_F(SubmitterTest, RefusesLargeDeepAndInvalidContexts) {
  MailItem item = To();
  item.context = Context("{\"a\": \"" + std::string(1 << 20, 'x') + "\"}");
  const auto large = Send(Header(), item, 1);
  EXPECT_THAT(FieldsOf(large.status()), ElementsAre("context"));
  EXPECT_THAT(large.status().ToString(), HasSubstr("65536"));

  google::protobuf::Struct deep;
  google::protobuf::Struct* level = &deep;
  for (int i = 0; i < 10'000; ++i) {
    level = (*level->mutable_fields())["a"].mutable_struct_value();
  }
  item.context = Context(std::move(deep));
  EXPECT_THAT(Send(Header(), item, 1), StatusIs(absl::StatusCode::kInvalidArgument));

  google::protobuf::Struct nul;
  (*nul.mutable_fields())["a"].set_string_value(std::string("x\0y", 3));
  item.context = Context(nul);
  EXPECT_THAT(FieldsOf(Send(Header(), item, 1).status()), ElementsAre("context"));

  item.context = Context("{\"a\":" + std::string(31, '[') + std::string(31, ']') + "}");
  EXPECT_OK(Send(Header(), item, 1));
}

TEST_F(SubmitterTest, ReturnsTemplateErrors) {
  MailHeader header = Header();
  header.template_name = "templates/unknown";
  EXPECT_THAT(Send(header, To(), 1), StatusIs(absl::StatusCode::kNotFound));
  templates_.SetStatus(absl::FailedPreconditionError("has no published version"));
  const auto unpublished = Send(Header(), To(), 1);
  EXPECT_THAT(unpublished, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReasonOf(unpublished.status()).reason, "TEMPLATE_NOT_PUBLISHED");
  templates_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(Send(Header(), To(), 1), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SubmitterTest, BatchRefusesInvalidItemsOnly) {
  MailItem keyed = To("recipients/b");
  keyed.dedupe_key = "weekly/b";
  const std::vector<MailItem> items = {To("recipients/a"), MailItem{}, keyed, ToAddress("nonsense"),
                                       keyed};
  ASSERT_OK_AND_ASSIGN(const BatchResult result, submitter_.SendBatch(Header("batch/1"), items, 1,
                                                                      {}, absl::InfiniteFuture()));
  EXPECT_NE(result.batch, 0);
  ASSERT_THAT(result.items, SizeIs(5));
  EXPECT_OK(result.items[0].status);
  EXPECT_THAT(FieldsOf(result.items[1].status), ElementsAre("items[1].target"));
  EXPECT_OK(result.items[2].status);
  EXPECT_THAT(FieldsOf(result.items[3].status), ElementsAre("items[3].target.email_address"));
  EXPECT_TRUE(result.items[4].duplicate);
  EXPECT_EQ(result.items[4].id, result.items[2].id);
  EXPECT_EQ(Due(), 2);

  ASSERT_OK_AND_ASSIGN(const BatchResult again, submitter_.SendBatch(Header("batch/1"), items, 1,
                                                                     {}, absl::InfiniteFuture()));
  EXPECT_EQ(again.batch, result.batch);
  EXPECT_EQ(again.items[0].id, result.items[0].id);
  EXPECT_EQ(Due(), 2);
}

TEST_F(SubmitterTest, BatchWithoutValidItemsStoresNothing) {
  ASSERT_OK_AND_ASSIGN(
      const BatchResult result,
      submitter_.SendBatch(Header(), std::vector<MailItem>(2), 1, {}, absl::InfiniteFuture()));
  EXPECT_EQ(result.batch, 0);
  EXPECT_EQ(Due(), 0);
  EXPECT_THAT(FieldsOf(submitter_.SendBatch(Header(), {}, 1, {}, absl::InfiniteFuture()).status()),
              ElementsAre("items"));
  EXPECT_THAT(
      FieldsOf(
          submitter_.SendBatch(Header(), std::vector<MailItem>(1001), 1, {}, absl::InfiniteFuture())
              .status()),
      ElementsAre("items"));
}

TEST_F(SubmitterTest, BulkStreamStoresChunksAndIsIdempotent) {
  const std::vector<MailItem> one = {To("recipients/a"), To("recipients/b")};
  const std::vector<MailItem> two = {To("recipients/c")};
  {
    ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                         submitter_.OpenBulk(Header("bulk/1"), {}, absl::InfiniteFuture()));
    ASSERT_OK(bulk.Add(one, 1, absl::InfiniteFuture()));  // then the stream breaks
  }
  EXPECT_EQ(Due(), 2);
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "New", "New content");
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(Header("bulk/1"), {}, absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const BatchResult none, bulk.Add(one, 1, absl::InfiniteFuture()));
  EXPECT_THAT(none.items, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const BatchResult first, bulk.Add(two, 2, absl::InfiniteFuture()));
  EXPECT_TRUE(first.items[0].duplicate);
  EXPECT_THAT(bulk.Add({}, 3, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const BatchResult second, bulk.Finish());
  EXPECT_EQ(first.batch, second.batch);
  EXPECT_FALSE(second.items[0].duplicate);
  EXPECT_EQ(Due(), 3);
  const MessageRecord last = store_.Get(second.items[0].id);
  EXPECT_EQ(last.mail.template_ref.version, 1);
}

TEST_F(SubmitterTest, BulkStreamReturnsTheErrorOfThePreviousChunk) {
  ASSERT_OK(Send(Header("bulk/2"), To(), 1));
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(Header("bulk/2"), {}, absl::InfiniteFuture()));
  ASSERT_OK(bulk.Add({To()}, 2, absl::InfiniteFuture()));
  EXPECT_THAT(bulk.Add({To()}, 3, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(SubmitterTest, ConcurrentSendsAreAcceptedOnce) {
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  const MailItem item = To();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, &item, t] {
      for (int i = 0; i < kEach; ++i) {
        // Every key is used by two threads.
        const std::string key = std::to_string(t / 2) + "/" + std::to_string(i);
        EXPECT_OK(Send(Header(key), item, 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Due(), kThreads / 2 * kEach);
}

}  // namespace
}  // namespace lmsmail::dispatch
