// Opens and clicks of mail, as mail programs, people and scanners cause them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using http_server::testing::RawResponse;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Property;
namespace pb = dispatch::v1;
namespace pref = preference::v1;

constexpr std::string_view kTip = "tracked-tip";
constexpr char kTarget[] = "https://learn.example/lessons/7?a=1&b=2#start";
constexpr char kBrowser[] = "User-Agent: Mozilla/5.0 (X11; rv:128.0) Gecko Firefox/128.0\r\n";

absl::Status CreateTip(Suite& suite) {
  templates::v1::CreateTemplateRequest request;
  request.set_template_id(std::string(kTip));
  request.set_request_id("create/tip");
  request.set_publish(true);
  request.mutable_template_()->set_category(type::v1::CATEGORY_CONTENT);
  auto& content = *request.mutable_template_()->add_contents();
  content.set_language_code("en");
  content.set_subject("A tip");
  content.set_html(
      "<html><body><p><a class='x' HREF=\"https://learn.example/lessons/7?a=1&amp;b=2#start\">Go"
      "</a> <a href=\"{{unsubscribe_url}}\">Leave</a> <a href=\"{{preferences_url}}\">Choose</a>"
      " {{postal_address}}</p></body></html>");
  content.set_text(
      "https://learn.example/lessons/7?a=1&b=2#start {{unsubscribe_url}} {{postal_address}}");
  for (const char* name : {"unsubscribe_url", "preferences_url"}) {
    auto& url = *request.mutable_template_()->add_variables();
    url.set_name(name);
    url.set_type(templates::v1::Variable::TYPE_URL);
    url.mutable_sample()->set_string_value("https://mail.example/u/x");
  }
  auto& address = *request.mutable_template_()->add_variables();
  address.set_name("postal_address");
  address.set_type(templates::v1::Variable::TYPE_STRING);
  return Call(suite.templates(), &Templates::CreateTemplate, request).status();
}

class TrackingTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    folder_.Write("tracking.keys", "t1:" + std::string(64, 'd'));
    const std::string keys_flag =
        "--tracking.keys_file=" + (folder_.path() / "tracking.keys").string();
    StartSuite({.services = {"template", "preference", "dispatch"},
                .flags = {{"dispatch",
                           {"--tracking.opens=content", "--tracking.clicks=content", keys_flag,
                            // A test is faster than any person.
                            "--tracking.machine_delay=0s"}}}});
    ASSERT_OK(CreateTip(suite()));
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(suite(), {keys_flag}));
  }
  static void TearDownTestSuite() {
    gateway_.reset();
    SuiteTest::TearDownTestSuite();
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_NE(gateway_, nullptr) << "the gateway did not start";
  }

  struct Tracked {
    pb::Message message;
    std::string html;
    std::string text;
    std::string pixel;  // its path; empty if there is none
    std::string link;
  };
  static Tracked SendTo(std::string_view student) {
    Tracked tracked;
    EXPECT_OK(Register(suite(), {std::string(student)}));
    return SendAgain(student, 1);
  }
  static Tracked SendAgain(std::string_view student, int count) {
    Tracked tracked;
    pb::SendRequest request;
    request.set_request_id(fmt::format("{}/{}", student, count));
    request.set_template_(fmt::format("templates/{}", kTip));
    request.mutable_target()->set_recipient(NameOf(student));
    const auto sent = Send(suite(), request);
    EXPECT_OK(sent);
    const auto mails = suite().inbox().WaitFor(AddressOf(student), count);
    EXPECT_OK(mails);
    if (!sent.ok() || !mails.ok()) return tracked;
    // What happens before dispatch knows that the mail was sent is a program's.
    EXPECT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
    tracked.message = *sent;
    tracked.html = mails->back().html();
    tracked.text = mails->back().text();
    tracked.pixel = PathIn(tracked.html, "/o/");
    tracked.link = PathIn(tracked.html, "/c/");
    return tracked;
  }
  static std::string PathIn(const std::string& html, const std::string& prefix) {
    const std::size_t begin = html.find("http://127.0.0.1:8080" + prefix);
    if (begin == std::string::npos) return "";
    const std::size_t path = html.find(prefix, begin);
    return html.substr(path, html.find_first_of("\"'", path) - path);
  }
  static RawResponse Ask(std::string_view method, const std::string& path,
                         std::string_view fields = kBrowser) {
    return gateway_->Send(fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n{}\r\n", method, path, fields),
                          method == "HEAD");
  }
  static pb::Engagement EngagementOf(const Tracked& mail) {
    const auto explained = Explain(suite(), mail.message.name());
    EXPECT_OK(explained);
    return explained.ok() ? explained->message().engagement() : pb::Engagement();
  }

  static inline const TemporaryFolder folder_;
  static inline std::unique_ptr<Gateway> gateway_;
};

TEST_F(TrackingTest, ShowsThatAMailWasReadAndHow) {
  const Tracked mail = SendTo("reader");
  ASSERT_THAT(mail.pixel, Not(IsEmpty()));
  ASSERT_THAT(mail.link, Not(IsEmpty()));
  EXPECT_THAT(mail.text, AllOf(HasSubstr(kTarget), Not(HasSubstr("/c/"))));
  EXPECT_THAT(mail.html, AllOf(HasSubstr("<a href=\"http://127.0.0.1:8080/u/"),
                               HasSubstr("<a href=\"http://127.0.0.1:8080/p/")));
  EXPECT_FALSE(EngagementOf(mail).has_open_time());

  // Programs first, which must not hide the person.
  EXPECT_EQ(Ask("HEAD", mail.pixel).status, 200);
  EXPECT_EQ(Ask("HEAD", mail.link).headers.Get("Location"), kTarget);
  EXPECT_EQ(Ask("GET", mail.pixel, "User-Agent: Mozilla/5.0\r\n").status, 200);
  EXPECT_FALSE(EngagementOf(mail).has_open_time());
  EXPECT_FALSE(EngagementOf(mail).has_click_time());

  const RawResponse pixel = Ask("GET", mail.pixel);
  EXPECT_EQ(pixel.status, 200);
  EXPECT_EQ(pixel.headers.Get("Content-Type"), "image/gif");
  EXPECT_EQ(pixel.body.size(), 43u);
  const RawResponse click = Ask("GET", mail.link);
  EXPECT_EQ(click.status, 302);
  EXPECT_EQ(click.headers.Get("Location"), kTarget);
  // Both are recorded when they are answered.
  const pb::Engagement engagement = EngagementOf(mail);
  EXPECT_EQ(engagement.open_count(), 1);
  EXPECT_EQ(engagement.click_count(), 1);
  EXPECT_GE(engagement.machine_open_count(), 1);
  EXPECT_EQ(engagement.machine_click_count(), 1);
  EXPECT_TRUE(engagement.has_open_time());
  EXPECT_TRUE(engagement.has_click_time());
  ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), mail.message.name()));
  EXPECT_THAT(explained.entries(),
              AllOf(Contains(Property(&pb::TimelineEntry::description,
                                      HasSubstr("a link in the mail was followed: "
                                                "https://learn.example"))),
                    Contains(Property(&pb::TimelineEntry::description,
                                      HasSubstr("a program loaded the tracking pixel")))));
  ASSERT_OK_AND_ASSIGN(const auto stats, Call(suite().dispatch(), &Dispatch::GetMailStats,
                                              pb::GetMailStatsRequest()));
  EXPECT_GE(stats.stats(0).opened_count(), 1);
  EXPECT_GE(stats.stats(0).machine_opened_count(), 1);
}

TEST_F(TrackingTest, TheLogReproducesTheBytes) {
  const Tracked mail = SendTo("exact");
  pb::GetMessageRequest request;
  request.set_name(mail.message.name());
  request.set_view(pb::MESSAGE_VIEW_FULL);
  ASSERT_OK_AND_ASSIGN(const pb::Message full,
                       Call(suite().dispatch(), &Dispatch::GetMessage, request));
  EXPECT_TRUE(full.raw_verified());
}

TEST_F(TrackingTest, AForgedLinkLeadsNowhere) {
  const Tracked mail = SendTo("forged");
  for (const std::string& path :
       {mail.link + "A", mail.link.substr(0, mail.link.size() - 1), "/c/" + mail.pixel.substr(3),
        mail.link.substr(0, mail.link.size() / 2) + "x" +
            mail.link.substr(mail.link.size() / 2 + 1),
        std::string("/c/https:%2f%2fevil.example")}) {
    const RawResponse response = Ask("GET", path);
    EXPECT_GE(response.status, 400) << path;
    EXPECT_FALSE(response.headers.Has("Location")) << path;
  }
  EXPECT_EQ(Ask("GET", mail.pixel + "A").status, 200);
  EXPECT_EQ(EngagementOf(mail).click_count(), 0);
  EXPECT_EQ(EngagementOf(mail).open_count(), 0);
}

TEST_F(TrackingTest, WhoOptsOutIsNotMeasuredAnyMore) {
  const Tracked before = SendTo("private");
  const std::string preferences = PathIn(before.html, "/p/");
  EXPECT_THAT(Ask("GET", preferences).body, HasSubstr("Measure whether I open emails"));
  constexpr std::string_view kForm = "action=save&shown=tracking";
  EXPECT_EQ(
      gateway_
          ->Send(fmt::format("POST {}/preferences HTTP/1.1\r\nHost: x\r\nContent-Type: "
                             "application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
                             preferences, kForm.size(), kForm))
          .status,
      303);
  // The mail that she has is not measured any more, and its link works all the same.
  EXPECT_EQ(Ask("GET", before.pixel).status, 200);
  EXPECT_EQ(Ask("GET", before.link).headers.Get("Location"), kTarget);
  EXPECT_EQ(EngagementOf(before).open_count(), 0);
  EXPECT_EQ(EngagementOf(before).click_count(), 0);

  const Tracked after = SendAgain("private", 2);
  EXPECT_THAT(after.pixel, IsEmpty());
  EXPECT_THAT(after.link, IsEmpty());
  EXPECT_THAT(after.html, HasSubstr("a=1&amp;b=2#start"));

  pref::ListConsentEventsRequest request;
  request.set_parent(NameOf("private"));
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto events,
                       Call(suite().preferences(), &Preferences::ListConsentEvents, request));
  EXPECT_EQ(events.events(0).action(), pref::ConsentEvent::ACTION_TRACKING_REFUSED);
  EXPECT_EQ(events.events(0).source().method(), pref::ConsentSource::METHOD_PREFERENCE_PAGE);
}

// Last, because it stops dispatch.
TEST_F(TrackingTest, ZzLinksWorkDuringAnOutageAndAreRecordedAfterIt) {
  const Tracked mail = SendTo("patient");
  ASSERT_OK(suite().Kill("dispatch"));
  const absl::Time start = absl::Now();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("GET", mail.link).headers.Get("Location"), kTarget);
    EXPECT_EQ(Ask("GET", mail.pixel).status, 200);
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  ASSERT_OK(suite().Restart("dispatch"));
  EXPECT_OK(
      WaitUntil("the click is recorded", [&] { return EngagementOf(mail).click_count() == 1; }));
  EXPECT_THAT(gateway_->Log(),
              AllOf(Not(HasSubstr(mail.link.substr(3))), Not(HasSubstr("Firefox"))));
  ASSERT_OK_AND_ASSIGN(const int code, gateway_->Terminate());
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace lmsmail::integration
