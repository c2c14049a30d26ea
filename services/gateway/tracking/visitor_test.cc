#include "services/gateway/tracking/visitor.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::gateway {
namespace {

Visitor Of(std::string_view agent, std::string_view purpose = "") {
  return VisitorOf({.user_agent = agent, .purpose = purpose});
}

constexpr char kFirefox[] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

TEST(VisitorTest, KnowsPersons) {
  for (const std::string agent : {
           kFirefox,
           "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
           "GoogleImageProxy)",
           "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
           "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
           "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
           "Gecko)",
           "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/120 Mobile",
           "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.4.1",
           "okhttp/4.12.0",
       }) {
    EXPECT_EQ(Of(agent), Visitor::kPerson) << agent;
  }
}

TEST(VisitorTest, KnowsPrograms) {
  for (const std::string agent : {
           "",
           "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
           "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
           "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) "
           "BingPreview/1.0b",
           "curl/7.88.1",
           "python-requests/2.31",
           "Go-http-client/1.1",
           "facebookexternalhit/1.1",
           "Barracuda Sentinel (EE)",
           "Mozilla/5.0 HeadlessChrome/120.0",
           "Somebot",
       }) {
    EXPECT_EQ(Of(agent), Visitor::kBot) << agent;
  }
}

TEST(VisitorTest, KnowsWhoLooksAhead) {
  EXPECT_EQ(Of("Mozilla/5.0"), Visitor::kPrefetch) << "Apple's Mail Privacy Protection";
  EXPECT_EQ(Of(kFirefox, "prefetch;prerender"), Visitor::kPrefetch);
  EXPECT_EQ(Of(kFirefox, "Prefetch"), Visitor::kPrefetch);
  EXPECT_EQ(Of(kFirefox, "preview"), Visitor::kPrefetch);
  EXPECT_EQ(Of(kFirefox, "other"), Visitor::kPerson);
  EXPECT_EQ(VisitorOf({.head = true, .user_agent = kFirefox}), Visitor::kHead);
  for (const Visitor each : {Visitor::kPrefetch, Visitor::kBot, Visitor::kHead}) {
    EXPECT_TRUE(IsMachine(each));
    EXPECT_FALSE(NameOf(each).empty());
  }
}

}  // namespace
}  // namespace lmsmail::gateway
