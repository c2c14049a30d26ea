#include "services/gateway/inbox/mail_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto Target(const std::string& target) { return Field("target", &MailLink::target, target); }

TEST(MailLinksTest, FindsTheLinksOfEachPlace) {
  StoredMail mail;
  mail.fields = {{"Subject", "<https://no.example>"},
                 {"List-Unsubscribe", "<https://u.example/1>, <mailto:u@x.example>"}};
  mail.html =
      "<!-- <a href='https://no.example'> --><A HREF=\"https://a.example/?x=1&amp;y=2\">Read "
      "<b>more</b>\n now</A><p><a href='mailto:x@y.example'>us</a><a name=top></a>";
  mail.text = "See https://a.example/t). Or <http://127.0.0.1:8080/u/x>.\nBye";
  const std::vector<MailLink> links = LinksOf(mail);
  EXPECT_THAT(links,
              ElementsAre(Target("https://u.example/1"), Target("mailto:u@x.example"),
                          Target("https://a.example/?x=1&y=2"), Target("mailto:x@y.example"),
                          Target("https://a.example/t"), Target("http://127.0.0.1:8080/u/x")));
  EXPECT_EQ(links[2].label, "Read more now");
  EXPECT_EQ(links[2].place, "HTML");
  EXPECT_EQ(links[5].place, "text");
}

TEST(MailLinksTest, ATargetStandsOnceAPlace) {
  StoredMail mail;
  mail.html = "<a href='https://a.example'>a</a><a href='https://a.example'>b</a>";
  mail.text = "https://a.example";
  EXPECT_THAT(LinksOf(mail),
              ElementsAre(Field(&MailLink::place, "HTML"), Field(&MailLink::place, "text")));
}

TEST(MailLinksTest, SaysWhatIsWrong) {
  for (const char* good :
       {"https://a.example", "HTTPS://a.example/x?y#z", "http://localhost:8080/u/1",
        "http://127.0.0.1/x", "mailto:a@b.example", "tel:+4930123", "#top"}) {
    EXPECT_THAT(ProblemOf(good), IsEmpty()) << good;
  }
  EXPECT_THAT(ProblemOf(""), HasSubstr("nowhere"));
  EXPECT_THAT(ProblemOf("https://a.example/{{token}}"), HasSubstr("placeholder"));
  EXPECT_THAT(ProblemOf("/courses/1"), HasSubstr("relative"));
  EXPECT_THAT(ProblemOf("courses"), HasSubstr("relative"));
  EXPECT_THAT(ProblemOf("javascript:alert(1)"), HasSubstr("no such link"));
  EXPECT_THAT(ProblemOf("http://a.example"), HasSubstr("not encrypted"));
  EXPECT_THAT(ProblemOf("http://127.0.0.1.evil.example"), HasSubstr("not encrypted"));
  EXPECT_THAT(ProblemOf("https://"), HasSubstr("not a valid URL"));
  EXPECT_THAT(ProblemOf("https://a b.example"), HasSubstr("not a valid URL"));
}

TEST(MailLinksTest, OnlyThisMachineIsAsked) {
  EXPECT_TRUE((MailLink{.target = "http://127.0.0.1:8080/u/x"}.IsLocal()));
  EXPECT_FALSE((MailLink{.target = "https://127.0.0.1.evil.example"}.IsLocal()));
  EXPECT_FALSE((MailLink{.target = "https://127.0.0.1@evil.example"}.IsLocal()));
  EXPECT_FALSE((MailLink{.target = "mailto:a@localhost"}.IsLocal()));
}

}  // namespace
}  // namespace lmsmail::gateway
