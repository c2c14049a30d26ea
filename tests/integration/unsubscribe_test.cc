// A mail's links work over HTTP, as a mail program and a browser use them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/http_server/testing/raw_client.h"
#include "tests/integration/suite/gateway_test.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"

namespace lmsmail::integration {
namespace {

using http_server::testing::RawResponse;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
namespace pb = dispatch::v1;
namespace pref = preference::v1;

constexpr char kUrlEncoded[] = "Content-Type: application/x-www-form-urlencoded\r\n";

class UnsubscribeTest : public GatewayTest {
 protected:
  static void SetUpTestSuite() { StartWithGateway({}, {}); }
  void SetUp() override {
    GatewayTest::SetUp();
    ASSERT_OK(Resume(suite(), type::v1::LANE_NOTIFICATION));
  }

  // Sends a mail to the student and returns the path in its List-Unsubscribe field.
  static std::string LinkInMail(std::string_view student) {
    EXPECT_OK(Register(suite(), {std::string(student)}));
    EXPECT_OK(Send(suite(), Greet(kTip, student, fmt::format("first/{}", student))));
    const auto mail = suite().inbox().WaitForOne(AddressOf(student));
    EXPECT_OK(mail);
    if (!mail.ok()) return "";
    EXPECT_THAT(*mail, OffersOneClickUnsubscribe());
    // <http://127.0.0.1:8080/u/token>
    const std::string& field = mail->header().at("list-unsubscribe");
    const std::size_t start = field.find("/u/");
    return field.substr(start, field.find('>') - start);
  }

  static RawResponse OneClick(const std::string& path) {
    return gateway_->Send(
        fmt::format("POST {} HTTP/1.1\r\nHost: mail.school.example\r\n"
                    "Content-Length: 26\r\n{}\r\nList-Unsubscribe=One-Click",
                    path, kUrlEncoded));
  }
  static RawResponse Get(const std::string& path) {
    return gateway_->Send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
  }

  // The latest consent event of the student.
  static pref::ConsentEvent LastEvent(std::string_view student) {
    pref::ListConsentEventsRequest request;
    request.set_parent(NameOf(student));
    request.set_page_size(1);
    const auto events = Call(suite().preferences(), &Preferences::ListConsentEvents, request);
    EXPECT_OK(events);
    return events.ok() ? events->events(0) : pref::ConsentEvent();
  }
};

TEST_F(UnsubscribeTest, OneClickStopsMailThatIsQueued) {
  const std::string path = LinkInMail("one-click");
  EXPECT_THAT(path, Not(HasSubstr("one-click")));
  ASSERT_OK(Pause(suite(), type::v1::LANE_NOTIFICATION));
  ASSERT_OK_AND_ASSIGN(const pb::Message queued,
                       Send(suite(), Greet(kTip, "one-click", "second/one-click")));

  for (int i = 0; i < 2; ++i) {
    const RawResponse response = OneClick(path);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "Unsubscribed.\n");
    EXPECT_FALSE(response.headers.Has("Set-Cookie"));
  }

  ASSERT_OK(Resume(suite(), type::v1::LANE_NOTIFICATION));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), queued.name()));
  EXPECT_EQ(explained.message().state(), pb::STATE_SKIPPED);
  EXPECT_EQ(explained.message().reason(), pb::REASON_UNSUBSCRIBED);
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("one-click")), 1);
  const pref::ConsentEvent event = LastEvent("one-click");
  EXPECT_EQ(event.category(), type::v1::CATEGORY_CONTENT);
  EXPECT_EQ(event.source().method(), pref::ConsentSource::METHOD_ONE_CLICK);
  EXPECT_THAT(event.source().actor(), IsEmpty());
}

TEST_F(UnsubscribeTest, ReadingALinkChangesNothing) {
  const std::string path = LinkInMail("scanned");
  const RawResponse page = Get(path);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, AllOf(HasSubstr("New lessons"), Not(HasSubstr("scanned"))));
  EXPECT_THAT(std::string(page.headers.Get("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  EXPECT_EQ(gateway_->Send(fmt::format("HEAD {} HTTP/1.1\r\nHost: x\r\n\r\n", path), true).status,
            200);
  EXPECT_EQ(gateway_->Send(fmt::format("OPTIONS {} HTTP/1.1\r\nHost: x\r\n\r\n", path)).status,
            204);
  EXPECT_EQ(gateway_
                ->Send(fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{}\r\n",
                                   path, kUrlEncoded))
                .status,
            400);

  ASSERT_OK(Send(suite(), Greet(kTip, "scanned", "second/scanned")));
  ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().WaitFor(AddressOf("scanned"), 2));
  EXPECT_THAT(mails, SizeIs(2));
  EXPECT_EQ(LastEvent("scanned").source().method(), pref::ConsentSource::METHOD_DEFAULT);
}

TEST_F(UnsubscribeTest, ThePageUnsubscribesAndUndoes) {
  const std::string path = LinkInMail("reader");
  const auto post = [&](std::string_view body) {
    return gateway_->Send(
        fmt::format("POST {}/preferences HTTP/1.1\r\nHost: x\r\n"
                    "Content-Length: {}\r\n{}\r\n{}",
                    path, body.size(), kUrlEncoded, body));
  };
  const RawResponse changed = post("action=unsubscribe_all");
  EXPECT_EQ(changed.status, 303);
  const std::string location(changed.headers.Get("Location"));
  ASSERT_THAT(location, HasSubstr("?done=all&undo="));
  EXPECT_EQ(LastEvent("reader").source().method(), pref::ConsentSource::METHOD_PREFERENCE_PAGE);
  const RawResponse page = Get(path + location.substr(location.find('?')));
  EXPECT_THAT(page.body, HasSubstr("role=\"status\""));

  const std::string undo = location.substr(location.find("undo=") + 5);
  EXPECT_EQ(post(fmt::format("action=undo&undo={}", undo)).status, 303);
  pref::GetPreferencesRequest request;
  request.set_name(NameOf("reader") + "/preferences");
  ASSERT_OK_AND_ASSIGN(const pref::Preferences preferences,
                       Call(suite().preferences(), &Preferences::GetPreferences, request));
  for (const pref::CategoryPreference& each : preferences.categories()) {
    EXPECT_TRUE(each.subscribed());
  }
}

TEST_F(UnsubscribeTest, RefusesAChangedToken) {
  std::string path = LinkInMail("forged");
  path.back() = path.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(OneClick(path).status, 404);
  EXPECT_EQ(Get(path).status, 404);
  EXPECT_EQ(LastEvent("forged").source().method(), pref::ConsentSource::METHOD_DEFAULT);
}

// Last, because it stops the preference service.
TEST_F(UnsubscribeTest, ZzAsksToRetryDuringAnOutage) {
  const std::string path = LinkInMail("patient");
  ASSERT_OK(suite().Kill("preference"));
  const RawResponse response = OneClick(path);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.Get("Retry-After"), "60");
  EXPECT_EQ(Get(path).status, 503);
  ASSERT_OK(suite().Restart("preference"));
  EXPECT_OK(WaitUntil("the link works again", [&] { return OneClick(path).status == 200; }));
  EXPECT_THAT(gateway_->Log(), Not(HasSubstr(path.substr(3))));
  ASSERT_OK_AND_ASSIGN(const int code, gateway_->Terminate());
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace lmsmail::integration
