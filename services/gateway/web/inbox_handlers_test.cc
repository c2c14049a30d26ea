#include "services/gateway/web/inbox_handlers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class InboxHandlersTest : public ::testing::Test {
 protected:
  void Store(int number, std::string_view html = "<p>body</p>") {
    std::ofstream(folder_.path() / fmt::format("{:06}-a@x.example.eml", number)) << fmt::format(
        "X-Inbox-From: s@x.example\r\nX-Inbox-To: a@x.example\r\nTo: a@x.example\r\n"
        "Subject: mail {}!\r\nContent-Type: text/html\r\n\r\n{}\r\n",
        number, html);
  }
  static Request Of(std::string number, std::string query = "") {
    Request request;
    request.query = std::move(query);
    request.parameters = {{"number", std::move(number)}};
    return request;
  }

  TemporaryFolder folder_;
  const MailFiles files_{folder_.path()};
  const LinkProbe probe_ = LinkProbe::Create().value();
  const InboxPages pages_ = InboxPages::Create().value();
  const InboxHandlers handlers_{files_, probe_, pages_};
};

TEST_F(InboxHandlersTest, ListsFiftyMailsAPage) {
  for (int i = 1; i <= 51; ++i) Store(i);
  const Response latest = handlers_.List({});
  EXPECT_EQ(latest.status, 200);
  EXPECT_THAT(latest.body, AllOf(HasSubstr("51 mails"), HasSubstr("mail 51!"), HasSubstr("mail 2!"),
                                 Not(HasSubstr("mail 1!")), HasSubstr("?before=2")));
  Request older;
  older.query = "before=2";
  EXPECT_THAT(handlers_.List(older).body, AllOf(HasSubstr("mail 1!"), Not(HasSubstr("mail 2!")),
                                                HasSubstr("Latest"), Not(HasSubstr("Older"))));
}

TEST_F(InboxHandlersTest, AFileThatIsNoMailHidesNoOther) {
  Store(1);
  std::ofstream(folder_.path() / "000002-b@x.example.eml") << "junk";
  EXPECT_THAT(handlers_.List({}).body, AllOf(HasSubstr("mail 1!"), HasSubstr("does not begin")));
}

TEST_F(InboxHandlersTest, TheHtmlHasNoRights) {
  Store(1, "<script>alert(1)</script>");
  const Response page = handlers_.Html(Of("1"));
  EXPECT_THAT(page.body, HasSubstr("<script>alert(1)</script>"));
  const std::string policy(page.headers.Get("Content-Security-Policy"));
  EXPECT_THAT(policy, AllOf(HasSubstr("default-src 'none'"), HasSubstr("sandbox "),
                            Not(HasSubstr("allow-scripts")), Not(HasSubstr("allow-same-origin"))));
  EXPECT_THAT(std::string(handlers_.Show(Of("1")).headers.Get("Content-Security-Policy")),
              Not(HasSubstr("unsafe-inline")));
}

TEST_F(InboxHandlersTest, AnUnknownMailIsNotFound) {
  for (const char* number : {"1", "0", "-1", "x", "99999999999999"}) {
    EXPECT_EQ(handlers_.Show(Of(number)).status, 404) << number;
    EXPECT_EQ(handlers_.Html(Of(number)).status, 404) << number;
  }
}

TEST_F(InboxHandlersTest, AQueryItDoesNotKnowIsIgnored) {
  Store(1);
  for (const char* query : {"", "view=other", "view", "%", "width=9&scheme=x"}) {
    EXPECT_EQ(handlers_.Show(Of("1", query)).body, handlers_.Show(Of("1")).body) << query;
  }
}

TEST_F(InboxHandlersTest, TheColoursAreThoseOfTheQuery) {
  Store(1, "@media (prefers-color-scheme: dark) {}");
  EXPECT_THAT(handlers_.Html(Of("1", "scheme=dark")).body, HasSubstr("(min-width: 0)"));
  EXPECT_THAT(handlers_.Html(Of("1")).body, HasSubstr("(max-width: 0)"));
}

// Port 1 of this machine has no server.
TEST_F(InboxHandlersTest, AsksTheServersOfThisMachine) {
  Store(1, "<a href=\"http://127.0.0.1:1/u/x\">x</a><a href=\"https://a.example\">y</a>");
  EXPECT_THAT(handlers_.Show(Of("1", "view=links")).body,
              AllOf(HasSubstr("2 links, 1 broken."), HasSubstr("Its server does not answer"),
                    HasSubstr("its server was not asked")));
}

}  // namespace
}  // namespace lmsmail::gateway
