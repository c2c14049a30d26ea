#include "services/dispatch/api/submission_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"

#include "libs/rpc/testing/matchers.h"
#include "libs/rpc/testing/raw_call.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/dispatch_service_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::HasSubstr;

TEST_F(DispatchServiceTest, RepeatsNameTheMailThatWasAcceptedFirst) {
  ASSERT_OK_AND_ASSIGN(const v1::Message sent, Call(&Stub::Send, ToAda("k")));
  v1::SendBatchRequest batch;
  batch.mutable_header()->set_request_id("batch/1");
  batch.mutable_header()->set_template_("templates/enrollment");
  for (const char* key : {"k", "new"}) {
    v1::BatchItem& item = *batch.add_items();
    item.mutable_target()->set_recipient("recipients/ada");
    item.set_dedupe_key(key);
  }
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse first, Call(&Stub::SendBatch, batch));
  EXPECT_TRUE(first.results(0).duplicate());
  EXPECT_EQ(first.results(0).message(), sent.name());
  EXPECT_FALSE(first.results(1).duplicate());
  EXPECT_EQ(first.duplicate_count(), 1);
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse again, Call(&Stub::SendBatch, batch));
  EXPECT_EQ(again.duplicate_count(), 2);
  EXPECT_EQ(again.results(1).message(), first.results(1).message());

  // The key of an item is that of a Send, too.
  ASSERT_OK_AND_ASSIGN(const v1::Message of_item, Call(&Stub::Send, ToAda("new")));
  EXPECT_TRUE(of_item.duplicate());
  EXPECT_EQ(of_item.name(), first.results(1).message());

  v1::SendBulkRequest bulk;
  *bulk.mutable_header() = batch.header();
  bulk.mutable_header()->set_request_id("bulk/1");
  bulk.add_items()->mutable_target()->set_recipient("recipients/ada");
  *bulk.add_items() = batch.items(1);
  const rpc::RawResult result =
      rpc::CallRaw(server_.channel(), "/lmsmail.dispatch.v1.DispatchService/SendBulk",
                   {bulk.SerializeAsString()}, rpc::WithTimeout(absl::Seconds(20)));
  v1::SendBulkResponse response;
  ASSERT_TRUE(response.ParseFromString(result.response));
  ASSERT_EQ(response.duplicates_size(), 1);
  EXPECT_EQ(response.duplicates(0).index(), 1);
  EXPECT_EQ(response.duplicates(0).message(), first.results(1).message());
}

// Each refused item lacks a hundred variables: 20 MB, if every error were told in full.
TEST_F(DispatchServiceTest, AnswersABatchOfRefusedItems) {
  std::vector<render::Variable> variables;
  google::protobuf::Struct complete;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "v" + std::to_string(i) + std::string(90, 'x');
    variables.push_back({.name = name, .required = true});
    (*complete.mutable_fields())[name].set_string_value("x");
  }
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "Hi", "Hi", variables);
  v1::SendBatchRequest request;
  request.mutable_header()->set_request_id("batch/1");
  request.mutable_header()->set_template_("templates/enrollment");
  for (int i = 0; i < 1000; ++i) {
    request.add_items()->mutable_target()->set_recipient("recipients/ada");
  }
  *request.mutable_items(999)->mutable_context() = complete;
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse response,
                       rpc::Call(*stub_, &Stub::SendBatch, request,
                                 rpc::WithTimeout(absl::Minutes(1))));  // a sanitizer takes long
  EXPECT_EQ(response.accepted_count(), 1);
  ASSERT_EQ(response.results_size(), 1000);
  EXPECT_LT(response.ByteSizeLong(), 4u << 20);
  EXPECT_THAT(response.results(0).status().message(), HasSubstr("of 100 violations are listed"));
}

TEST_F(DispatchServiceTest, SendBulkIsNotOkWhenAMessageCannotBeParsed) {
  v1::SendBulkRequest first;
  first.mutable_header()->set_request_id("bulk/1");
  first.mutable_header()->set_template_("templates/enrollment");
  v1::SendBulkRequest third;
  for (int i = 0; i < 10; ++i) {
    first.add_items()->mutable_target()->set_recipient("recipients/s");
    third.add_items()->mutable_target()->set_recipient("recipients/t");
  }
  std::vector<rpc::UndecodableBytes> all = rpc::AllUndecodableBytes(/*string_field=*/2, 0);
  v1::SendBulkRequest deep;
  google::protobuf::Struct* level = deep.add_items()->mutable_context();
  for (int i = 0; i < 100; ++i) level = (*level->mutable_fields())["x"].mutable_struct_value();
  all.push_back({"nested too deep", deep.SerializeAsString()});
  for (const auto& [name, bytes] : all) {
    SCOPED_TRACE(name);
    const rpc::RawResult cut =
        rpc::CallRaw(server_.channel(), "/lmsmail.dispatch.v1.DispatchService/SendBulk",
                     {first.SerializeAsString(), bytes, third.SerializeAsString()},
                     rpc::WithTimeout(absl::Seconds(20)));
    EXPECT_THAT(cut.status, rpc::GrpcStatusIs(grpc::StatusCode::INVALID_ARGUMENT));
  }
  // The whole stream may be sent again: what was accepted is not accepted twice.
  const rpc::RawResult whole = rpc::CallRaw(
      server_.channel(), "/lmsmail.dispatch.v1.DispatchService/SendBulk",
      {first.SerializeAsString(), third.SerializeAsString()}, rpc::WithTimeout(absl::Seconds(20)));
  ASSERT_THAT(whole.status, rpc::GrpcStatusIs(grpc::StatusCode::OK));
  v1::SendBulkResponse response;
  ASSERT_TRUE(response.ParseFromString(whole.response));
  EXPECT_EQ(response.accepted_count(), 20);
  EXPECT_EQ(response.duplicate_count(), 10);
}

// gRPC reports a stream that ends inside a message like one that ends after the message before it.
TEST_F(DispatchServiceTest, SendBulkIsNotOkWhenItemsAreMissing) {
  const auto send = [&](const std::vector<v1::SendBulkRequest>& messages) {
    std::vector<std::string> bytes;
    for (const v1::SendBulkRequest& message : messages) {
      bytes.push_back(message.SerializeAsString());
    }
    return rpc::CallRaw(server_.channel(), "/lmsmail.dispatch.v1.DispatchService/SendBulk", bytes,
                        rpc::WithTimeout(absl::Seconds(20)));
  };
  v1::SendBulkRequest header;
  header.mutable_header()->set_request_id("bulk/1");
  header.mutable_header()->set_template_("templates/enrollment");
  v1::SendBulkRequest chunk;
  for (int i = 0; i < 10; ++i) chunk.add_items()->mutable_target()->set_recipient("recipients/s");
  const auto counted = [](v1::SendBulkRequest message, std::int64_t items) {
    message.set_item_count(items);
    return message;
  };

  // The count may stand in the first message or in the last one, which may repeat it.
  for (const auto& whole : {std::vector{counted(header, 20), chunk, chunk},
                            std::vector{header, chunk, counted(chunk, 20)},
                            std::vector{counted(header, 20), chunk, counted(chunk, 20)}}) {
    const rpc::RawResult result = send(whole);
    ASSERT_THAT(result.status, rpc::GrpcStatusIs(grpc::StatusCode::OK));
    v1::SendBulkResponse response;
    ASSERT_TRUE(response.ParseFromString(result.response));
    EXPECT_EQ(response.accepted_count(), 20);
  }
  const rpc::RawResult cut = send({counted(header, 20), chunk});
  EXPECT_THAT(cut.status, rpc::GrpcStatusIs(grpc::StatusCode::ABORTED));
  EXPECT_THAT(cut.status.error_message(), HasSubstr("10 of the 20"));
  const auto refused = [](std::string_view problem) {
    return rpc::HasViolation("item_count", HasSubstr(std::string(problem)));
  };
  EXPECT_THAT(send({counted(header, 15), chunk, chunk}).status, refused("at least 20 items"));
  EXPECT_THAT(send({header, chunk, counted(chunk, 15)}).status, refused("at least 20 items"));
  EXPECT_THAT(send({counted(header, 20), counted(chunk, 30)}).status, refused("was 20"));
  EXPECT_THAT(send({counted(header, -1)}).status, refused("negative"));
}

TEST_F(DispatchServiceTest, EveryCallHasTheCallersDeadline) {
  const v1::Message sent = Sent("k");
  v1::SendBatchRequest batch;
  batch.mutable_header()->set_request_id("batch/1");
  batch.mutable_header()->set_template_("templates/enrollment");
  batch.add_items()->mutable_target()->set_recipient("recipients/ada");
  ASSERT_OK_AND_ASSIGN(const v1::SendBatchResponse accepted, Call(&Stub::SendBatch, batch));
  v1::SendBulkRequest bulk;
  *bulk.mutable_header() = batch.header();
  bulk.mutable_header()->set_request_id("bulk/1");
  *bulk.add_items() = batch.items(0);
  EXPECT_TRUE(rpc::CallRaw(server_.channel(), "/lmsmail.dispatch.v1.DispatchService/SendBulk",
                           {bulk.SerializeAsString()}, rpc::WithTimeout(absl::Seconds(20)))
                  .status.ok());
  v1::GetMessageRequest full = ByKey("k");
  full.set_view(v1::MESSAGE_VIEW_FULL);
  EXPECT_OK(Call(&Stub::GetMessage, full));
  EXPECT_OK(Call(&Stub::ListMessages, v1::ListMessagesRequest()));
  v1::ExplainMessageRequest explain;
  explain.set_name(sent.name());
  EXPECT_OK(Call(&Stub::ExplainMessage, explain));
  v1::CancelMessageRequest cancel;
  cancel.set_name(accepted.results(0).message());
  EXPECT_OK(Call(&Stub::CancelMessage, cancel));
  v1::RetryMessageRequest retry;
  retry.set_name(cancel.name());
  retry.set_request_id("again");
  EXPECT_OK(Call(&Stub::RetryMessage, retry));
  v1::CancelBatchRequest cancel_batch;
  cancel_batch.set_name(accepted.batch());
  EXPECT_OK(Call(&Stub::CancelBatch, cancel_batch));
  v1::RecordEventsRequest record;
  v1::ProviderEvent& event = *record.add_events();
  event.set_event_id("e1");
  event.set_type(v1::ProviderEvent::TYPE_BOUNCED);
  event.set_message(sent.name());
  EXPECT_OK(Call(&Stub::RecordEvents, record));
  EXPECT_OK(Call(&Stub::GetMailStats, v1::GetMailStatsRequest()));
  EXPECT_OK(Call(&Stub::ListInFlight, v1::ListInFlightRequest()));
  EXPECT_OK(Call(&Stub::Sweep, v1::SweepRequest()));
  v1::PauseLaneRequest pause;
  pause.set_lane(lmsmail::type::v1::LANE_BULK);
  EXPECT_OK(Call(&Stub::PauseLane, pause));
  v1::ResumeLaneRequest resume;
  resume.set_lane(lmsmail::type::v1::LANE_BULK);
  EXPECT_OK(Call(&Stub::ResumeLane, resume));
  v1::PurgeLogsRequest purge;
  purge.mutable_max_age()->set_seconds(7 * 86400);
  EXPECT_OK(Call(&Stub::PurgeLogs, purge));
  // Callers without one get 30 s, and stream 10 minutes.
  EXPECT_LT(store_.latest_deadline(), absl::Now() + absl::Seconds(25));
}

}  // namespace
}  // namespace lmsmail::dispatch
