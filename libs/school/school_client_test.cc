#include "libs/school/school_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/rpc/testing/in_process_server.h"
#include "libs/school/convert.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::school {
namespace {

class FakePreference final : public preference::v1::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetSchool(grpc::CallbackServerContext* context,
                                      const preference::v1::GetSchoolRequest*,
                                      preference::v1::School* response) override {
    *response = ToProto(school);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  School school;
};

TEST(SchoolClientTest, ReadsEveryField) {
  FakePreference fake;
  fake.school = {.display_name = "Exempla",
                 .url = "https://exempla.example",
                 .postal_address = "1 School Lane",
                 .language_code = "de",
                 .time_zone = "Europe/Berlin",
                 .logo_url = "https://exempla.example/logo.png",
                 .color = "#1a6fb0",
                 .reply_to = "office@exempla.example",
                 .support_address = "help@exempla.example",
                 .reports_after_leaving = false,
                 .update_time = absl::FromUnixMicros(1'700'000'000'000'001)};
  const rpc::InProcessServer server({rpc::Host<preference::v1::PreferenceService>(fake)});
  SchoolClient client(server.channel(), absl::Seconds(10));
  ASSERT_OK_AND_ASSIGN(School read, client.Get());
  EXPECT_EQ(read.revision, 1'700'000'000'000'001) << "orders the changes";
  read.revision = fake.school.revision;
  EXPECT_EQ(read, fake.school);
}

}  // namespace
}  // namespace lmsmail::school
