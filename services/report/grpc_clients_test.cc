#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/report/grpc_dispatch_client.h"
#include "services/report/grpc_template_client.h"

namespace lmsmail::report {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Answers as told and keeps what it was asked.
class FakeDispatch final : public dispatch::v1::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* SendBatch(grpc::CallbackServerContext* context,
                                      const dispatch::v1::SendBatchRequest* request,
                                      dispatch::v1::SendBatchResponse* response) override {
    batch = *request;
    *response = answer;
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetMailStats(grpc::CallbackServerContext* context,
                                         const dispatch::v1::GetMailStatsRequest* request,
                                         dispatch::v1::GetMailStatsResponse* response) override {
    response->add_stats()->set_template_(request->template_());
    return Finish(context);
  }

  dispatch::v1::SendBatchRequest batch;
  dispatch::v1::SendBatchResponse answer;
  grpc::Status status;

 private:
  grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) const {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(status);
    return reactor;
  }
};

class FakeTemplates final : public templates::v1::TemplateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* RenderTemplate(
      grpc::CallbackServerContext* context, const templates::v1::RenderTemplateRequest* request,
      templates::v1::RenderTemplateResponse* response) override {
    asked = *request;
    response->set_subject("subject");
    response->set_html("html");
    response->set_text("text");
    response->add_warnings("warning");
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  templates::v1::RenderTemplateRequest asked;
};

rpc::CallInfo SomeCall() {
  rpc::CallInfo call;
  call.deadline = absl::Now() + absl::Seconds(20);
  return call;
}

class DispatchClientTest : public ::testing::Test {
 protected:
  FakeDispatch dispatch_;
  rpc::InProcessServer server_{{rpc::Host<dispatch::v1::DispatchService>(dispatch_)}};
  GrpcDispatchClient client_{server_.channel(), absl::Seconds(10)};
  const Mailing mailing_{.request_id = "weekly_progress/2026-W47/chunk-s1-0",
                         .items = {{.student = "s1",
                                    .context = StructFromJson(R"({"report": {}})"),
                                    .dedupe_key = "weekly_progress/2026-W47/s1"},
                                   {.student = "s2", .context = {}, .dedupe_key = "k2"}}};
};

TEST_F(DispatchClientTest, HandsMailOverAsABulkBatch) {
  dispatch_.answer.add_results()->set_duplicate(true);
  auto& refused = *dispatch_.answer.add_results()->mutable_status();
  refused.set_code(3);
  refused.set_message("no such target");
  ASSERT_OK_AND_ASSIGN(const auto results, client_.HandOver(mailing_));
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_OK(results[0]);
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kInvalidArgument, "no such target"));

  const auto& header = dispatch_.batch.header();
  EXPECT_EQ(header.request_id(), mailing_.request_id);
  EXPECT_EQ(header.template_(), "templates/weekly_progress");
  EXPECT_EQ(header.lane(), type::v1::LANE_BULK);
  ASSERT_THAT(dispatch_.batch.items(), SizeIs(2));
  const auto& item = dispatch_.batch.items(0);
  EXPECT_EQ(item.target().recipient(), "recipients/s1");
  EXPECT_EQ(item.dedupe_key(), "weekly_progress/2026-W47/s1");
  EXPECT_TRUE(MessageDifferencer::Equals(item.context(), mailing_.items[0].context));
}

TEST_F(DispatchClientTest, AFailedCallIsAnErrorOfTheWhole) {
  dispatch_.status = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "not published");
  EXPECT_THAT(client_.HandOver(mailing_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "not published"));
}

TEST_F(DispatchClientTest, ReadsStats) {
  dispatch::v1::GetMailStatsRequest request;
  request.set_template_("templates/enrollment");
  ASSERT_OK_AND_ASSIGN(const auto stats, client_.Get(request, SomeCall()));
  ASSERT_THAT(stats, SizeIs(1));
  EXPECT_EQ(stats[0].template_(), "templates/enrollment");
}

TEST(TemplateClientTest, RendersTheWeeklyTemplate) {
  FakeTemplates fake;
  const rpc::InProcessServer server({rpc::Host<templates::v1::TemplateService>(fake)});
  GrpcTemplateClient client(server.channel(), absl::Seconds(10));
  const auto context = StructFromJson(R"({"site_name": "School"})");
  ASSERT_OK_AND_ASSIGN(const Preview preview, client.Render(context, SomeCall()));
  EXPECT_EQ(preview.subject, "subject");
  EXPECT_EQ(preview.html, "html");
  EXPECT_EQ(preview.text, "text");
  EXPECT_THAT(preview.warnings, ElementsAre("warning"));
  EXPECT_EQ(fake.asked.name(), "templates/weekly_progress");
  EXPECT_TRUE(MessageDifferencer::Equals(fake.asked.context(), context));
}

}  // namespace
}  // namespace lmsmail::report
