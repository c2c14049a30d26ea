#include "libs/audit/resource_of.h"

#include <gtest/gtest.h>

#include <string>

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

namespace lmsmail::audit {
namespace {

TEST(ResourceOfTest, IsTheNameInTheRequest) {
  preference::v1::DeleteRecipientRequest request;
  request.set_name("recipients/amira");
  EXPECT_EQ(ResourceOf(request), "recipients/amira");
}

TEST(ResourceOfTest, IsTheNameOfTheResourceInTheRequest) {
  scheduler::v1::UpdateScheduleRequest request;
  request.mutable_schedule()->set_name("schedules/weekly-progress");
  EXPECT_EQ(ResourceOf(request), "schedules/weekly-progress");
}

TEST(ResourceOfTest, IsTheValuesOfEnumsWithoutAName) {
  dispatch::v1::PauseLaneRequest request;
  request.set_lane(type::v1::LANE_BULK);
  EXPECT_EQ(ResourceOf(request), "lane: LANE_BULK");
}

TEST(ResourceOfTest, HasNoAddress) {
  preference::v1::AddSuppressionRequest request;
  request.set_email_address("amira@students.example");
  EXPECT_EQ(ResourceOf(request).find("amira"), std::string::npos);
}

TEST(ResourceOfTest, IsShortenedBetweenCharacters) {
  preference::v1::DeleteRecipientRequest request;
  std::string name = "x";
  for (int i = 0; i < 200; ++i) name += "é";
  request.set_name(name);
  const std::string resource = ResourceOf(request);
  EXPECT_EQ(resource.size(), 199);
  EXPECT_TRUE(name.starts_with(resource));
}

}  // namespace
}  // namespace lmsmail::audit
