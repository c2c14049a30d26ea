#include "services/gateway/pages/inbox_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class InboxPagesTest : public ::testing::Test {
 protected:
  std::string Show(const MailPage& page, const std::vector<MailLink>& links = {}) const {
    return pages_.Mail(mail_, page, links);
  }

  const InboxPages pages_ = InboxPages::Create().value();
  StoredMail mail_{.envelope_from = "bounce@x.example",
                   .envelope_to = "other@x.example",
                   .from = "School <school@x.example>",
                   .to = "amira@x.example",
                   .subject = "<b>Hi & welcome</b>",
                   .fields = {{"X-Test", "<script>"}},
                   .text = "plain </pre>",
                   .html = "<p>body</p>",
                   .source = "raw source"};
};

TEST_F(InboxPagesTest, ListsMails) {
  const std::string page = pages_.List(
      {.rows = {{.number = 7, .subject = "<i>", .to = "a@x.example", .arrived = absl::UnixEpoch()}},
       .total = 60,
       .older = 7});
  EXPECT_THAT(page, AllOf(HasSubstr("60 mails"), HasSubstr("href=\"/inbox/7\""),
                          HasSubstr("&lt;i&gt;"), HasSubstr("1970-01-01 00:00:00 UTC"),
                          HasSubstr("?before=7"), Not(HasSubstr("Latest"))));
}

TEST_F(InboxPagesTest, AnEmptyInboxSaysSo) {
  EXPECT_THAT(pages_.List({}), AllOf(HasSubstr("No mail has arrived yet"), Not(HasSubstr("<ol"))));
}

TEST_F(InboxPagesTest, ShowsTheHtmlInAFrame) {
  const std::string page = Show({.number = 7, .phone = true, .dark = true});
  EXPECT_THAT(
      page,
      AllOf(HasSubstr("src=\"/inbox/7/html?scheme=dark\""), HasSubstr("class=\"frame phone\""),
            HasSubstr("&lt;b&gt;Hi &amp; welcome&lt;/b&gt;"), Not(HasSubstr("<p>body</p>"))));
  EXPECT_THAT(Show({.number = 7}),
              AllOf(HasSubstr("src=\"/inbox/7/html\""), HasSubstr("class=\"frame desktop\"")));
}

TEST_F(InboxPagesTest, ShowsTheEnvelope) {
  EXPECT_THAT(Show({}), HasSubstr("bounce@x.example to other@x.example"));
  mail_.envelope_from.clear();
  EXPECT_THAT(Show({}), HasSubstr("&lt;&gt; to other@x.example"));
}

TEST_F(InboxPagesTest, EscapesEveryView) {
  EXPECT_THAT(Show({.view = MailView::kText}), HasSubstr("plain &lt;/pre&gt;"));
  EXPECT_THAT(Show({.view = MailView::kHeaders}),
              AllOf(HasSubstr("X-Test"), HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script>"))));
  EXPECT_THAT(Show({.view = MailView::kSource}), HasSubstr("raw source"));
}

TEST_F(InboxPagesTest, SaysWhichPartIsMissing) {
  mail_.html.clear();
  mail_.text.clear();
  EXPECT_THAT(Show({}), AllOf(HasSubstr("no HTML part"), Not(HasSubstr("<iframe"))));
  EXPECT_THAT(Show({.view = MailView::kText}),
              AllOf(HasSubstr("no text part"), Not(HasSubstr("<pre"))));
}

TEST_F(InboxPagesTest, ListsLinksWithTheirVerdicts) {
  const std::string page = Show(
      {.view = MailView::kLinks},
      {{.target = "https://a.example", .label = "Read", .place = "HTML"},
       {.target = "javascript:x", .place = "HTML", .problem = "Mail programs open no such link"}});
  EXPECT_THAT(page, AllOf(HasSubstr("2 links, 1 broken."), HasSubstr("href=\"https://a.example\""),
                          HasSubstr("was not asked"), HasSubstr("no such link"),
                          Not(HasSubstr("href=\"javascript"))));
}

TEST_F(InboxPagesTest, ItsLinksKeepWhatWasChosen) {
  const std::string page = Show({.number = 7, .phone = true, .dark = true});
  EXPECT_THAT(page, AllOf(HasSubstr("href=\"/inbox/7?view=html&amp;scheme=dark\""),
                          HasSubstr("href=\"/inbox/7?view=html&amp;width=phone\"")));
}

TEST_F(InboxPagesTest, EveryViewHasAName) {
  for (const MailView view : {MailView::kHtml, MailView::kText, MailView::kHeaders,
                              MailView::kSource, MailView::kLinks}) {
    EXPECT_EQ(ViewNamed(QueryOf({.view = view}).substr(std::string_view("view=").size())), view);
  }
  EXPECT_EQ(ViewNamed("other"), MailView::kHtml);
}

}  // namespace
}  // namespace lmsmail::gateway
