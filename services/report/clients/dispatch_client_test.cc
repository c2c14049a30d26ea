#include "services/report/clients/dispatch_client.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::report {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Returns the results that a test has set and records the requests.
class FakeDispatch final : public dispatch::v1::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* SendBatch(grpc::CallbackServerContext* context,
                                      const dispatch::v1::SendBatchRequest* request,
                                      dispatch::v1::SendBatchResponse* response) override {
    batch = *request;
    *response = results;
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetMailStats(grpc::CallbackServerContext* context,
                                         const dispatch::v1::GetMailStatsRequest* request,
                                         dispatch::v1::GetMailStatsResponse* response) override {
    stats_request = *request;
    *response->add_stats() = stats;
    return Finish(context);
  }

  grpc::ServerUnaryReactor* PreviewMessage(
      grpc::CallbackServerContext* context, const dispatch::v1::PreviewMessageRequest* request,
      dispatch::v1::PreviewMessageResponse* response) override {
    preview_request = *request;
    response->set_subject("subject");
    response->set_html("html");
    response->set_text("text");
    return Finish(context);
  }

  dispatch::v1::PreviewMessageRequest preview_request;
  dispatch::v1::SendBatchRequest batch;
  dispatch::v1::SendBatchResponse results;
  dispatch::v1::GetMailStatsRequest stats_request;
  dispatch::v1::MailStats stats;
  grpc::Status status;

 private:
  grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) const {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(status);
    return reactor;
  }
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
  DispatchClient client_{server_.channel(), absl::Seconds(10)};
  const MailBatch batch_{.request_id = "weekly_progress/2026-W47/chunk-s1-0",
                         .items = {{.student = "s1",
                                    .context = StructFromJson(R"({"report": {}})"),
                                    .dedupe_key = "weekly_progress/2026-W47/s1"},
                                   {.student = "s2", .context = {}, .dedupe_key = "k2"}}};
};

TEST_F(DispatchClientTest, SendsABatchAtItsTime) {
  MailBatch later = batch_;
  later.send_time = absl::FromUnixSeconds(1'795'000'000);
  ASSERT_OK(client_.SendBatch(later).status());
  EXPECT_EQ(dispatch_.batch.header().send_time().seconds(), 1'795'000'000);
  ASSERT_OK(client_.SendBatch(batch_).status());
  EXPECT_FALSE(dispatch_.batch.header().has_send_time());
}

TEST_F(DispatchClientTest, SendsABatchInTheBulkLane) {
  dispatch_.results.add_results()->set_duplicate(true);
  auto& rejected = *dispatch_.results.add_results()->mutable_status();
  rejected.set_code(3);
  rejected.set_message("no such target");
  ASSERT_OK_AND_ASSIGN(const auto results, client_.SendBatch(batch_));
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_OK(results[0]);
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kInvalidArgument, "no such target"));

  const auto& header = dispatch_.batch.header();
  EXPECT_EQ(header.request_id(), batch_.request_id);
  EXPECT_EQ(header.template_(), "templates/weekly_progress");
  EXPECT_EQ(header.lane(), type::v1::LANE_BULK);
  ASSERT_THAT(dispatch_.batch.items(), SizeIs(2));
  const auto& item = dispatch_.batch.items(0);
  EXPECT_EQ(item.target().recipient(), "recipients/s1");
  EXPECT_EQ(item.dedupe_key(), "weekly_progress/2026-W47/s1");
  EXPECT_TRUE(MessageDifferencer::Equals(item.context(), batch_.items[0].context));
}

TEST_F(DispatchClientTest, ReturnsTheErrorOfAFailedCall) {
  dispatch_.status = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "not published");
  EXPECT_THAT(client_.SendBatch(batch_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "not published"));
}

TEST_F(DispatchClientTest, ReturnsMailStats) {
  const absl::Time day = absl::FromUnixSeconds(1'794'787'200);
  dispatch_.stats.mutable_day_time()->set_seconds(absl::ToUnixSeconds(day));
  dispatch_.stats.set_template_("templates/enrollment");
  dispatch_.stats.set_sent_count(1);
  dispatch_.stats.set_skipped_count(2);
  dispatch_.stats.set_failed_count(3);
  dispatch_.stats.set_bounced_count(4);
  dispatch_.stats.set_opened_count(5);
  dispatch_.stats.set_clicked_count(6);
  dispatch_.stats.set_dropped_count(7);
  dispatch_.stats.set_complained_count(8);
  EXPECT_THAT(client_.Get({.end_time = day, .template_name = "templates/enrollment"}, SomeCall()),
              IsOkAndHolds(ElementsAre(MailStats{.day_time = day,
                                                 .template_name = "templates/enrollment",
                                                 .sent_count = 1,
                                                 .skipped_count = 2,
                                                 .failed_count = 3,
                                                 .bounced_count = 4,
                                                 .opened_count = 5,
                                                 .clicked_count = 6,
                                                 .dropped_count = 7,
                                                 .complained_count = 8})));
  EXPECT_FALSE(dispatch_.stats_request.has_start_time());
  EXPECT_EQ(dispatch_.stats_request.end_time().seconds(), absl::ToUnixSeconds(day));
  EXPECT_EQ(dispatch_.stats_request.template_(), "templates/enrollment");
}

TEST_F(DispatchClientTest, PreviewsTheMailToTheStudent) {
  const auto context = StructFromJson(R"({"report": {}})");
  ASSERT_OK_AND_ASSIGN(const Preview preview, client_.Render("s1", context, SomeCall()));
  EXPECT_EQ(preview.subject, "subject");
  EXPECT_EQ(preview.html, "html");
  EXPECT_EQ(preview.text, "text");
  EXPECT_EQ(dispatch_.preview_request.template_(), "templates/weekly_progress");
  EXPECT_EQ(dispatch_.preview_request.target().recipient(), "recipients/s1");
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
      dispatch_.preview_request.context(), context));
}

}  // namespace
}  // namespace lmsmail::report
