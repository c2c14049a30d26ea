#include "libs/identity/callers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "libs/hash/sha256.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::identity {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kToken = "3f6d0e0a";
const std::string kHash = hash::Sha256Hex(kToken);
const std::string kDispatchUri = "spiffe://lmsmail/dispatch";
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class CallersTest : public ::testing::Test {
 protected:
  absl::StatusOr<Callers> Read(std::string_view content) {
    folder_.Write("callers.yaml", content);
    return Callers::Read((folder_.path() / "callers.yaml").string());
  }
  Callers Known() {
    auto callers = Read(
        "callers:\n"
        "  lms: {roles: [sender, viewer], token_sha256: [" +
        kHash +
        "],\n"
        "        limits: {calls_per_second: 20, streams: 3, request_size: 2MiB}}\n"
        "  dispatch: {roles: [dispatch], certificate: [\"" +
        kDispatchUri +
        "\"]}\n"
        "  report: {roles: [report], certificate: report.School.example}\n"
        "  old: {roles: [admin], token_sha256: " +
        hash::Sha256Hex("old") + ", expire_time: \"2027-01-01T00:00:00Z\"}\n");
    EXPECT_OK(callers);
    return *callers;
  }

  const TemporaryFolder folder_;
};

TEST_F(CallersTest, KnowACallerByItsToken) {
  const auto caller = Known().Find({.token = kToken}, kNow);
  ASSERT_OK(caller);
  EXPECT_EQ(caller->name, "lms");
  EXPECT_EQ(caller->roles, (Roles{type::v1::ROLE_SENDER, type::v1::ROLE_VIEWER}));
  EXPECT_EQ(caller->limits, (CallerLimits{20, 3, 2 << 20}));
}

TEST_F(CallersTest, KnowACallerByAnyNameOfItsCertificate) {
  const Callers callers = Known();
  const auto by_uri = callers.Find({.certificate_names = {"a.example", kDispatchUri}}, kNow);
  ASSERT_OK(by_uri);
  EXPECT_EQ(by_uri->name, "dispatch");
  const auto by_dns = callers.Find({.certificate_names = {"REPORT.school.example"}}, kNow);
  ASSERT_OK(by_dns);
  EXPECT_EQ(by_dns->name, "report");
}

TEST_F(CallersTest, CompareUrisWithTheirCase) {
  EXPECT_THAT(Known().Find({.certificate_names = {"spiffe://lmsmail/Dispatch"}}, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(CallersTest, RefuseUnknownCredentials) {
  const Callers callers = Known();
  EXPECT_THAT(callers.Find({}, kNow), StatusIs(absl::StatusCode::kUnauthenticated,
                                               HasSubstr("authorization: Bearer TOKEN")));
  EXPECT_THAT(callers.Find({.token = "4f6d0e0a"}, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("token is not known")));
  EXPECT_THAT(callers.Find({.token = kHash}, kNow), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(callers.Find({.certificate_names = {"other.example"}}, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("names no caller")));
}

TEST_F(CallersTest, RefuseAWrongTokenOfAKnownCertificate) {
  EXPECT_THAT(Known().Find({.token = "wrong", .certificate_names = {kDispatchUri}}, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(CallersTest, RefuseACertificateOfTwoCallers) {
  EXPECT_THAT(Known().Find({.certificate_names = {kDispatchUri, "report.school.example"}}, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("several callers")));
}

TEST_F(CallersTest, RefuseExpiredCredentials) {
  const absl::Time end = absl::FromCivil(absl::CivilDay(2027, 1, 1), absl::UTCTimeZone());
  EXPECT_OK(Known().Find({.token = "old"}, end - absl::Nanoseconds(1)));
  EXPECT_THAT(Known().Find({.token = "old"}, end),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("expired")));
}

TEST_F(CallersTest, ReportAllErrorsOfTheFile) {
  EXPECT_THAT(
      Read("callers:\n"
           "  a: {roles: [boss], token_sha256: [zz]}\n"
           "  b: {roles: [viewer]}\n"
           "  c: {token_sha256: " +
           kHash +
           "}\n"
           "  d: {roles: [viewer], token_sha256: " +
           kHash +
           ", expire_time: soon, rolls: [x]}\n"
           "  anonymous: {roles: [admin], certificate: x.example}\n"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("callers.a.roles"), HasSubstr("\"boss\" is no role"),
                     HasSubstr("callers.a.token_sha256"), HasSubstr("callers.b.token_sha256"),
                     HasSubstr("callers.c.roles"), HasSubstr("callers.d.rolls"))));
  EXPECT_THAT(
      Read("callers:\n"
           "  a: {roles: [viewer], token_sha256: " +
           kHash +
           "}\n"
           "  b: {roles: [viewer], token_sha256: " +
           kHash +
           ", expire_time: soon}\n"
           "  c: {roles: [viewer], certificate: x.example}\n"
           "  d: {roles: [viewer], certificate: X.example}\n"
           "  anonymous: {roles: [admin], certificate: y.example}\n"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("callers.b.token_sha256"), HasSubstr("callers.b.expire_time"),
                     HasSubstr("callers.d.certificate"), HasSubstr("callers.anonymous"))));
}

TEST_F(CallersTest, RefuseAFileThatOthersMayWrite) {
  Known();
  const auto path = folder_.path() / "callers.yaml";
  std::filesystem::permissions(path, std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(Callers::Read(path.string()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chmod go-w")));
}

TEST_F(CallersTest, NeedACaller) {
  EXPECT_THAT(Read(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no caller")));
  EXPECT_THAT(Callers::Read("/nonexistent/callers.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/nonexistent/callers.yaml")));
}

}  // namespace
}  // namespace lmsmail::identity
