// Who may call what, over TLS, with the real binaries.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/identity/caller.h"
#include "libs/identity/method_access.h"
#include "libs/identity/role_names.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/rpc/status.h"
#include "libs/rpc/testing/raw_call.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::map<std::string, identity::Role>& Roles() {
  static const std::map<std::string, identity::Role> roles = [] {
    std::map<std::string, identity::Role> all;
    for (int i = 1; i < type::v1::Role_descriptor()->value_count(); ++i) {
      const auto role =
          static_cast<identity::Role>(type::v1::Role_descriptor()->value(i)->number());
      all[identity::RoleName(role)] = role;
    }
    return all;
  }();
  return roles;
}

class SecurityTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() { StartSuite({.secure = true}); }

  using Channel = std::shared_ptr<grpc::Channel>;
  static Channel NewChannel(std::string_view service, std::optional<rpc::TlsFiles> tls) {
    auto channel = rpc::NewChannel(
        {.target = suite().Target(service), .tls = std::move(tls), .on_behalf_of_others = false});
    EXPECT_OK(channel);
    return *channel;
  }
  // Without a certificate.
  static Channel Anonymous(std::string_view service) {
    return NewChannel(service, suite().Trust());
  }

  static const ServiceDescriptor& DescriptorOf(std::string_view service) {
    const std::map<std::string_view, std::string> names = {
        {"template", templates::v1::TemplateService::service_full_name()},
        {"preference", preference::v1::PreferenceService::service_full_name()},
        {"dispatch", dispatch::v1::DispatchService::service_full_name()},
        {"report", report::v1::ReportService::service_full_name()},
        {"scheduler", scheduler::v1::SchedulerService::service_full_name()}};
    return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        names.at(service));
  }
  // Calls `check` for each method of all services.
  template <typename Check>
  static void ForEachMethod(Check check) {
    for (const std::string_view service : suite().services()) {
      const ServiceDescriptor& descriptor = DescriptorOf(service);
      for (int i = 0; i < descriptor.method_count(); ++i) check(service, *descriptor.method(i));
    }
  }

  // Calls a method with an empty request.
  static absl::Status Call(const Channel& channel, const MethodDescriptor& method,
                           const std::string& token) {
    rpc::CallOptions options = rpc::WithTimeout(absl::Seconds(20));
    if (!token.empty()) options.authorization = "Bearer " + token;
    return rpc::FromGrpcStatus(
        rpc::CallRaw(channel, fmt::format("/{}/{}", method.service()->full_name(), method.name()),
                     {""}, options)
            .status);
  }
};

TEST_F(SecurityTest, EveryMethodRefusesCallsWithoutValidCredentials) {
  std::map<std::string_view, Channel> anonymous, unknown;
  for (const std::string_view service : suite().services()) {
    anonymous[service] = Anonymous(service);
    rpc::TlsFiles nobody = suite().AdminTls();
    for (std::string* const path : {&nobody.certificate, &nobody.key}) {
      path->replace(path->rfind("admin"), 5, "nobody");
    }
    unknown[service] = NewChannel(service, nobody);
  }
  const auto refused = StatusIs(absl::StatusCode::kUnauthenticated);
  ForEachMethod([&](std::string_view service, const MethodDescriptor& method) {
    EXPECT_THAT(Call(anonymous[service], method, ""), refused) << method.full_name();
    EXPECT_THAT(Call(anonymous[service], method, "TOKEN-OF-admin-OLD"), refused)
        << method.full_name();
    EXPECT_THAT(Call(anonymous[service], method, "TOKEN-OF-somebody"), refused)
        << method.full_name();
    EXPECT_THAT(Call(unknown[service], method, ""), refused) << method.full_name();
  });
}

TEST_F(SecurityTest, EveryMethodServesItsRolesAndNoOthers) {
  for (const auto& [name, role] : Roles()) {
    std::map<std::string_view, Channel> channels;
    for (const std::string_view service : suite().services()) {
      channels[service] = Anonymous(service);
    }
    const identity::Caller caller{.name = name, .roles = {role}};
    ForEachMethod([&, &role_name = name](std::string_view service, const MethodDescriptor& method) {
      const bool allowed = identity::MethodAccess::Of(method).Check(caller).ok();
      const absl::Status status = Call(channels[service], method, "TOKEN-OF-" + role_name);
      const auto denied =
          StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("needs the role"));
      if (allowed) {
        EXPECT_THAT(status, Not(AnyOf(denied, StatusIs(absl::StatusCode::kUnauthenticated))))
            << role_name << " " << method.full_name();
      } else {
        EXPECT_THAT(status, denied) << role_name << " " << method.full_name();
      }
    });
  }
}

TEST_F(SecurityTest, NobodyButTheNamedServicesHasWhatOnlyTheyNeed) {
  const auto roles_of = [](const char* service, const char* method) {
    return identity::MethodAccess::Of(*DescriptorOf(service).FindMethodByName(method)).roles;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(roles_of("dispatch", "RecordEvents"), ElementsAre(type::v1::ROLE_GATEWAY));
  EXPECT_THAT(roles_of("preference", "OneClickUnsubscribe"), ElementsAre(type::v1::ROLE_GATEWAY));
  EXPECT_THAT(roles_of("preference", "DeleteRecipient"), ElementsAre(type::v1::ROLE_OPERATOR));
  EXPECT_THAT(roles_of("preference", "Unsubscribe"),
              Not(::testing::Contains(type::v1::ROLE_GATEWAY)));
  EXPECT_THAT(roles_of("dispatch", "Send"),
              ElementsAre(type::v1::ROLE_SENDER, type::v1::ROLE_SCHEDULER));
}

TEST_F(SecurityTest, RefusesPlainText) {
  ForEachMethod([&](std::string_view service, const MethodDescriptor& method) {
    if (method.index() > 0) return;
    EXPECT_THAT(Call(NewChannel(service, std::nullopt), method, "TOKEN-OF-admin"),
                StatusIs(absl::StatusCode::kUnavailable))
        << service;
  });
}

TEST_F(SecurityTest, HealthChecksNeedNoCredentials) {
  for (const std::string_view service : suite().services()) {
    EXPECT_THAT(rpc::IsServing(Anonymous(service), ""), IsOkAndHolds(true)) << service;
  }
}

TEST_F(SecurityTest, MailFlowsBetweenServicesThatKnowEachOther) {
  ASSERT_OK(Register(suite(), {"zoe"}));
  ASSERT_OK(AddCourse(suite(), "cpp", "C++"));
  ASSERT_OK(Publish(suite(), {Paid("pay-1", "zoe", "p-1"), Enrolled("enrol-1", "zoe", "cpp")}));
  ASSERT_OK(WaitUntilDone(suite(), "pay-1"));
  ASSERT_OK(WaitUntilDone(suite(), "enrol-1"));
  ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().WaitFor(AddressOf("zoe"), 2));
  for (const auto& mail : mails) EXPECT_THAT(mail, IsWellFormedTo(AddressOf("zoe")));
  ASSERT_OK_AND_ASSIGN(const auto messages, MailTo(suite(), "zoe"));
  for (const auto& message : messages) EXPECT_EQ(message.sender(), "scheduler");
}

TEST_F(SecurityTest, RecordsWhoChangedWhat) {
  preference::v1::AddSuppressionRequest request;
  request.set_email_address("dead@students.example");
  request.set_reason(preference::v1::Suppression::REASON_MANUAL);
  ASSERT_OK(integration::Call(suite().preferences(), &Preferences::AddSuppression, request));
  ASSERT_OK(Pause(suite(), type::v1::LANE_BULK));
  ASSERT_OK(Resume(suite(), type::v1::LANE_BULK));

  type::v1::ListAuditEventsRequest list;
  list.set_caller("suite");
  list.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto events,
                       integration::Call(suite().dispatch(), &Dispatch::ListAuditEvents, list));
  ASSERT_EQ(events.events_size(), 2);
  EXPECT_EQ(events.events(0).method(), "lmsmail.dispatch.v1.DispatchService/ResumeLane");
  EXPECT_EQ(events.events(1).method(), "lmsmail.dispatch.v1.DispatchService/PauseLane");
  EXPECT_EQ(events.events(1).resource(), "lane: LANE_BULK");
  EXPECT_TRUE(events.events(1).has_end_time());
  EXPECT_EQ(events.events(1).code(), 0);

  ASSERT_OK_AND_ASSIGN(
      const auto suppressions,
      integration::Call(suite().preferences(), &Preferences::ListAuditEvents, list));
  ASSERT_GE(suppressions.events_size(), 1);
  EXPECT_EQ(suppressions.events(0).method(),
            "lmsmail.preference.v1.PreferenceService/AddSuppression");
  EXPECT_THAT(suppressions.ShortDebugString(), Not(HasSubstr("dead@")));
}

}  // namespace
}  // namespace lmsmail::integration
