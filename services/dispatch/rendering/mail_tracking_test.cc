#include "services/dispatch/rendering/mail_tracking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr MessageId kId = 4711;
constexpr Measured kAll{.opens = true, .clicks = true};

tracking::Links Links() {
  return tracking::Links(token::KeyRing::Parse("k1:" + std::string(64, 'a')).value());
}

class MailTrackingTest : public ::testing::Test {
 protected:
  std::string Add(std::string html, Measured measured = kAll) {
    urls_ = tracking_.AddTo(html, kId, recipient_, measured);
    return html;
  }
  static std::string TokenOf(const std::string& url) { return url.substr(url.rfind('/') + 1); }

  const MailTracking tracking_{Links(),
                               {.public_url = "https://mail.example",
                                .opens = {Category::kProgress, Category::kContent},
                                .clicks = {Category::kProgress}}};
  Recipient recipient_ = [] {
    Recipient recipient;
    recipient.unsubscribe_url = "https://mail.example/u/t?a=1&b=2";
    recipient.preferences_url = "https://prefs.example/t";
    recipient.tracking_allowed = true;
    return recipient;
  }();
  std::vector<std::string> urls_;
};

TEST_F(MailTrackingTest, MeasuresWhatTheSchoolChoseAndTheRecipientAllows) {
  EXPECT_EQ(tracking_.Allowed(Category::kProgress, recipient_), kAll);
  EXPECT_EQ(tracking_.Allowed(Category::kContent, recipient_), (Measured{true, false}));
  EXPECT_EQ(tracking_.Allowed(Category::kPayment, recipient_), Measured());
  recipient_.tracking_allowed = false;
  EXPECT_EQ(tracking_.Allowed(Category::kProgress, recipient_), Measured());
}

TEST_F(MailTrackingTest, LinksLeadByWayOfTheGateway) {
  const std::string html = Add(
      "<body><a href='https://a.example/?x=1&amp;y=2'>a</a> <A HREF=http://b.example>b</A></body>",
      {.clicks = true});
  ASSERT_THAT(urls_, SizeIs(2));
  EXPECT_EQ(html, "<body><a href='" + urls_[0] + "'>a</a> <A HREF=" + urls_[1] + ">b</A></body>");
  EXPECT_THAT(urls_[0], StartsWith("https://mail.example/c/k1."));
  EXPECT_THAT(Links().ParseClick(TokenOf(urls_[0])),
              Optional(tracking::Click{EncodeId(kId), 1, 2, "https://a.example/?x=1&y=2"}));
  EXPECT_THAT(Links().ParseClick(TokenOf(urls_[1])),
              Optional(tracking::Click{EncodeId(kId), 2, 2, "http://b.example"}));
}

TEST_F(MailTrackingTest, ThePixelComesFirstAndTakesNoSpace) {
  const std::string html = Add("<head></head><body><p>x</p></body>", {.opens = true});
  ASSERT_THAT(urls_, SizeIs(1));
  EXPECT_THAT(html, StartsWith("<head></head><body><div style=\"height:0;"));
  EXPECT_THAT(html,
              AllOf(HasSubstr("<img src=\"" + urls_[0] + "\" width=\"1\" height=\"1\" alt=\"\""),
                    HasSubstr("</div><p>x</p></body>")));
  EXPECT_THAT(Links().ParseOpen(TokenOf(urls_[0])), Optional(EncodeId(kId)));
  // A part of a page has its end in its place.
  EXPECT_THAT(Add("<p>x</p>", {.opens = true}), StartsWith("<p>x</p><div"));
}

TEST_F(MailTrackingTest, NeverTouchesTheLinksToUnsubscribe) {
  const std::string html =
      "<a href=\"https://mail.example/u/t?a=1&amp;b=2\">u</a>"
      "<a href=\"https://prefs.example/t\">p</a>"
      "<a href=\"https://mail.example/p/other\">q</a><a href=\"mailto:a@b.example\">m</a>"
      "<a href=\"https://mail.example/c/x\">c</a><a href=\"#top\">t</a>";
  EXPECT_EQ(Add(html, {.clicks = true}), html);
  EXPECT_THAT(urls_, IsEmpty());
  EXPECT_NE(Add("<a href=\"https://mail.example/unrelated\">x</a>"), "");
  EXPECT_THAT(urls_, SizeIs(2));
}

TEST_F(MailTrackingTest, IsDeterministicAndDiffersByMail) {
  const std::string html = "<body><a href=\"https://a.example\">a</a></body>";
  EXPECT_EQ(Add(html), Add(html));
  std::string other = html;
  tracking_.AddTo(other, kId + 1, recipient_, kAll);
  EXPECT_NE(other, Add(html));
}

TEST_F(MailTrackingTest, AnEmptyPartStaysEmpty) {
  EXPECT_EQ(Add(""), "");
  EXPECT_EQ(Add("<p>x</p>", {}), "<p>x</p>");
}

TEST_F(MailTrackingTest, AListOfLinksKeepsItsSize) {
  std::string html;
  for (int i = 0; i < 5000; ++i) html += "<a href=https://a.example>";
  Add(html);
  EXPECT_THAT(urls_, SizeIs(101));
}

TEST_F(MailTrackingTest, WritesTheUrlAsAnAttribute) {
  const MailTracking odd(Links(),
                         {.public_url = "https://mail.example/a&b'c", .opens = {}, .clicks = {}});
  std::string html = "<a href='https://a.example'>";
  odd.AddTo(html, kId, recipient_, {.clicks = true});
  EXPECT_THAT(html, StartsWith("<a href='https://mail.example/a&amp;b&#39;c/c/k1."));
}

}  // namespace
}  // namespace lmsmail::dispatch
