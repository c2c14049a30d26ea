#include "services/dispatch/submission/submitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/submitter_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using SubmitterTest = SubmitterFixture;

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
  EXPECT_EQ(logged.mail.key, record.mail.key);
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

TEST_F(SubmitterTest, ReportsMissingRequiredVariables) {
  templates_.Publish({"welcome", 3, Category::kEnrollment}, "{{product.title}}",
                     "{{user.first_name}} {{#lessons}}{{name}}{{/lessons}}",
                     {{.name = "product.title", .required = true},
                      {.name = "student.nickname", .required = true},
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
              UnorderedElementsAre("context.product.title", "context.student.nickname",
                                   "context.lessons[1].name"));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("templates/welcome/versions/3"));
  EXPECT_THAT(FieldsOf(submitter_.Validate(header, item, 1, {}, absl::InfiniteFuture()).status()),
              SizeIs(3));

  MailItem good = To();
  good.context = Context(R"({"student": {"nickname": "Ada"}})");
  MailHeader batch = header;
  batch.request_id = "batch/1";
  batch.shared_context = StructFromJson(R"({"product": {"title": "C++"}})");
  const std::vector<MailItem> items = {good, item};
  ASSERT_OK_AND_ASSIGN(const BatchResult result,
                       submitter_.SendBatch(batch, items, 1, {}, absl::InfiniteFuture()));
  EXPECT_OK(result.items[0].status);
  EXPECT_THAT(FieldsOf(result.items[1].status),
              UnorderedElementsAre("items[1].context.student.nickname",
                                   "items[1].context.lessons[1].name"));
  EXPECT_EQ(Due(), 1);
}

TEST_F(SubmitterTest, RefusesContextsWithWhatIsFilledIn) {
  MailItem item = To();
  item.context = Context(
      R"({"user": {}, "unsubscribe_url": "x", "preferences_url": "x", "postal_address": null})");
  MailHeader header = Header();
  EXPECT_THAT(FieldsOf(Send(header, item, 1).status()),
              UnorderedElementsAre("context.user", "context.unsubscribe_url",
                                   "context.preferences_url", "context.postal_address"));
  header.shared_context = StructFromJson(R"({"user": {"email": "x"}, "site_name": "Ours"})");
  EXPECT_THAT(
      FieldsOf(submitter_.SendBatch(header, {To()}, 1, {}, absl::InfiniteFuture()).status()),
      ElementsAre("header.shared_context.user"));
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
                       submitter_.Validate(Header(), To(), 1, {}, absl::InfiniteFuture()));
  EXPECT_EQ(record.mail.id, 0);
  EXPECT_EQ(Due(), 0);
  EXPECT_THAT(submitter_.Validate(Header(""), To(), 1, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SubmitterTest, ValidateOnlyFindsAKeyThatIsTaken) {
  ASSERT_OK(Send(Header(), To(), 1));
  EXPECT_OK(submitter_.Validate(Header(), To(), 1, {}, absl::InfiniteFuture()));
  EXPECT_THAT(submitter_.Validate(Header(), To(), 2, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("another body")));
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
