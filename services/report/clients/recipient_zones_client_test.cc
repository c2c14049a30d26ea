#include "services/report/clients/recipient_zones_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::report {
namespace {

using ::testing::ElementsAre;

class FakePreference final : public preference::v1::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetTimeZones(grpc::CallbackServerContext* context,
                                         const preference::v1::GetTimeZonesRequest* received,
                                         preference::v1::GetTimeZonesResponse* response) override {
    request = *received;
    response->add_time_zones("Asia/Tokyo");
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  preference::v1::GetTimeZonesRequest request;
};

TEST(RecipientZonesClientTest, AsksPreference) {
  FakePreference fake;
  const rpc::InProcessServer server({rpc::Host<preference::v1::PreferenceService>(fake)});
  RecipientZonesClient client(server.channel(), absl::Seconds(10));
  EXPECT_THAT(client.Get(std::vector<std::string>{"s1"}), IsOkAndHolds(ElementsAre("Asia/Tokyo")));
  EXPECT_THAT(fake.request.recipients(), ElementsAre("recipients/s1"));
  EXPECT_THAT(client.Get(std::vector<std::string>{"s1", "s2"}).status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lmsmail::report
