#include "libs/identity/method_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

namespace lmsmail::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

MethodAccess Of(const char* method) {
  return MethodAccess::Of(*dispatch::v1::Message::descriptor()
                               ->file()
                               ->FindServiceByName("DispatchService")
                               ->FindMethodByName(method));
}

Caller With(Role role) { return {.name = "x", .roles = {role}}; }

TEST(MethodAccessTest, ReadsTheOptionsOfTheProto) {
  const MethodAccess pause = Of("PauseLane");
  EXPECT_EQ(pause.method, "lmsmail.dispatch.v1.DispatchService/PauseLane");
  EXPECT_THAT(pause.roles, ElementsAre(type::v1::ROLE_OPERATOR));
  EXPECT_TRUE(pause.audited);
  EXPECT_FALSE(Of("Send").audited);
  EXPECT_FALSE(Of("GetQueueStats").audited);
}

TEST(MethodAccessTest, AllowsTheRolesOfTheMethod) {
  EXPECT_OK(Of("Send").Check(With(type::v1::ROLE_SENDER)));
  EXPECT_OK(Of("Send").Check(With(type::v1::ROLE_SCHEDULER)));
  EXPECT_THAT(Of("Send").Check(With(type::v1::ROLE_OPERATOR)),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(MethodAccessTest, AllowsAdministratorsEverythingAndOperatorsWhatViewersMay) {
  EXPECT_OK(Of("RecordEvents").Check(With(type::v1::ROLE_ADMIN)));
  EXPECT_OK(Of("GetQueueStats").Check(With(type::v1::ROLE_OPERATOR)));
  EXPECT_THAT(Of("PauseLane").Check(With(type::v1::ROLE_VIEWER)),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(MethodAccessTest, NamesTheRoleThatWouldBeNeeded) {
  const absl::Status denied = Of("CancelBatch").Check(With(type::v1::ROLE_VIEWER));
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied,
                               HasSubstr("it needs the role operator or sender")));
  EXPECT_EQ(ReasonOf(denied).reason, "ROLE_REQUIRED");
  EXPECT_THAT(ReasonOf(denied).metadata, ElementsAre(Pair("roles", "operator,sender")));
}

TEST(MethodAccessTest, DeniesAMethodWithoutTheOptionToEverybody) {
  EXPECT_THAT(MethodAccess{.method = "a.B/C"}.Check({.name = "x", .roles = Roles::All()}),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace lmsmail::identity
