#include "services/gateway/clients/dispatch_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;

namespace pb = lmsmail::dispatch::v1;

class FakeDispatchService final : public pb::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* RecordEvents(grpc::CallbackServerContext* context,
                                         const pb::RecordEventsRequest* request,
                                         pb::RecordEventsResponse* response) override {
    calls.push_back(*request);
    response->set_recorded_count(request->events_size());
    response->set_duplicate_count(1);
    response->set_unknown_count(2);
    response->set_opted_out_count(3);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(status);
    return reactor;
  }
  grpc::Status status;
  std::vector<pb::RecordEventsRequest> calls;
};

class DispatchClientTest : public ::testing::Test {
 protected:
  FakeDispatchService service_;
  rpc::InProcessServer server_{{rpc::Host<pb::DispatchService>(service_)}};
  DispatchClient client_{server_.NewStub<pb::DispatchService>(), absl::Seconds(20)};
};

TEST_F(DispatchClientTest, RecordsEvents) {
  const ProviderEvent event{.type = EventType::kUnsubscribed,
                            .event_id = "e",
                            .message_id = "<m@school.example>",
                            .recipient = "ada@students.example",
                            .time = absl::FromUnixSeconds(7),
                            .detail = "d"};
  ASSERT_OK(client_.Record({event}));
  ASSERT_EQ(service_.calls.size(), 1u);
  EXPECT_EQ(service_.calls[0].ShortDebugString(),
            R"(events { event_id: "e" type: TYPE_UNSUBSCRIBED message_id: "<m@school.example>" )"
            R"(event_time { seconds: 7 } detail: "d" })");
}

TEST_F(DispatchClientTest, RecordsWhoFollowedWhichLink) {
  ProviderEvent event;
  event.type = EventType::kClicked;
  event.event_id = "c";
  event.message = "messages/0a1b2c3d4e5f6";
  event.machine = true;
  event.link = 2;
  event.links = 3;
  ASSERT_OK(client_.Record({event}));
  EXPECT_EQ(service_.calls.at(0).ShortDebugString(),
            R"(events { event_id: "c" type: TYPE_CLICKED message: "messages/0a1b2c3d4e5f6" )"
            R"(machine: true link: 2 link_count: 3 })");
}

TEST_F(DispatchClientTest, SplitsManyEvents) {
  ASSERT_OK_AND_ASSIGN(const EventLog::Counts counts,
                       client_.Record(std::vector<ProviderEvent>(2001)));
  std::vector<int> sizes;
  for (const auto& call : service_.calls) sizes.push_back(call.events_size());
  EXPECT_THAT(sizes, ElementsAre(1000, 1000, 1));
  EXPECT_EQ(counts.recorded, 2001);
  EXPECT_EQ(counts.duplicate, 3);
  EXPECT_EQ(counts.unknown, 6);
  EXPECT_EQ(counts.opted_out, 9);
}

TEST_F(DispatchClientTest, PassesErrorsOn) {
  service_.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
  EXPECT_THAT(client_.Record(std::vector<ProviderEvent>(2)),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lmsmail::gateway
