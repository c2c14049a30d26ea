#include "services/gateway/pages/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_links.h"

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Pages NewPages(Site site = {"Demo School", "https://learn.example", "1 Example Street"}) {
  return Pages::Create(std::move(site)).value();
}

Link Unsubscribe(std::string language = "en") {
  return {LinkKind::kUnsubscribe, Category::kDemo, std::move(language), AllSubscribed(), false, ""};
}
Link Preferences(std::string language = "en") {
  return {LinkKind::kPreferences, std::nullopt, std::move(language), AllSubscribed(), false, ""};
}

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::vector<std::string> Matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

TEST(PagesTest, UnsubscribePageOffersItsCategoryAndAll) {
  const std::string html = NewPages().Preferences(Unsubscribe(), "tok", std::nullopt, "");
  EXPECT_THAT(html,
              AllOf(HasSubstr("<h1>Demo class follow-ups</h1>"), HasSubstr("You get these emails."),
                    HasSubstr("value=\"unsubscribe\""), HasSubstr("value=\"unsubscribe_all\""),
                    HasSubstr("action=\"tok/preferences\""), Not(HasSubstr("checkbox"))));
}

TEST(PagesTest, OffersToStopMeasuringWhereSomethingIsMeasured) {
  const Pages measuring = NewPages({"Demo School", "https://learn.example", "", /*tracking=*/true});
  Link link = Preferences();
  const auto html = [&] { return measuring.Preferences(link, "tok", std::nullopt, ""); };
  EXPECT_THAT(html(), AllOf(HasSubstr("Measure whether I open emails"),
                            HasSubstr("name=\"shown\" value=\"tracking\""),
                            HasSubstr("aria-describedby=\"tracking-text\">")));
  link.tracking_allowed = true;
  EXPECT_THAT(html(), HasSubstr("aria-describedby=\"tracking-text\" checked>"));
  link.language_code = "ar";
  EXPECT_THAT(html(), HasSubstr("قياس"));
  EXPECT_THAT(measuring.Preferences(Unsubscribe(), "tok", std::nullopt, ""),
              Not(HasSubstr("tracking")));
  EXPECT_THAT(NewPages().Preferences(link, "tok", std::nullopt, ""),
              Not(HasSubstr("\"tracking\"")));
}

TEST(PagesTest, UnsubscribedPageOffersTheWayBack) {
  Link link = Unsubscribe();
  link.choices[0].subscribed = false;
  const std::string html = NewPages().Preferences(link, "tok", std::nullopt, "");
  EXPECT_THAT(html,
              AllOf(HasSubstr("You do not get these emails."), HasSubstr("value=\"subscribe\""),
                    Not(HasSubstr("value=\"unsubscribe\""))));
}

TEST(PagesTest, PreferencesPageHasACheckboxForEachCategory) {
  Link link = Preferences();
  link.choices[1].subscribed = false;
  const std::string html = NewPages().Preferences(link, "tok", std::nullopt, "");
  EXPECT_EQ(Count(html, "type=\"checkbox\""), 4);
  EXPECT_EQ(Count(html, " checked>"), 3);
  EXPECT_EQ(Count(html, "name=\"shown\""), 4);
  EXPECT_THAT(html, AllOf(HasSubstr("<legend>Which emails would you like to get?</legend>"),
                          HasSubstr("<label for=\"progress\">Weekly progress</label>"),
                          HasSubstr("value=\"save\"")));
}

TEST(PagesTest, SaysWhenAllAreWithdrawn) {
  Link link = Preferences();
  for (Choice& each : link.choices) each.subscribed = false;
  link.unsubscribed_from_all = true;
  const std::string html =
      NewPages().Preferences(link, "tok", Done::kUnsubscribedFromAll, "undo-token");
  EXPECT_THAT(
      html, AllOf(HasSubstr("You have unsubscribed from all emails"), HasSubstr("role=\"status\""),
                  HasSubstr("value=\"undo-token\""), Not(HasSubstr("value=\"unsubscribe_all\""))));
}

TEST(PagesTest, ClaimsNothingThatIsNotTrue) {
  for (const Done done : {Done::kUnsubscribed, Done::kUnsubscribedFromAll}) {
    EXPECT_THAT(NewPages().Preferences(Unsubscribe(), "tok", done, "undo"),
                Not(HasSubstr("role=\"status\"")));
  }
  EXPECT_THAT(NewPages().Preferences(Preferences(), "tok", Done::kSubscribed, ""),
              Not(HasSubstr("role=\"status\"")));
}

TEST(PagesTest, EscapesEveryValue) {
  const std::string evil = "<script>alert('x')</script>\"&";
  const Pages pages = NewPages({evil, "https://a/\"><script>", evil});
  Link link = Unsubscribe();
  link.unsubscribed_from_all = true;
  for (Choice& each : link.choices) each.subscribed = false;
  for (const std::string& html :
       {pages.Preferences(link, evil, Done::kUnsubscribedFromAll, evil),
        pages.Preferences(Preferences(), evil, Done::kSaved, evil),
        pages.ShowMessage(Message::kInvalidLink, pages.texts().For("en"))}) {
    EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("alert('x')")),
                            HasSubstr("&lt;script")));
  }
}

// Values are data, never templates.
TEST(PagesTest, DoesNotExpandTagsInValues) {
  const Pages pages = NewPages({"{{{style}}}", "https://a", ""});
  const std::string html = pages.Preferences(Preferences(), "{{{style}}}", std::nullopt, "");
  EXPECT_EQ(Count(html, "--paper:"), 2);
}

// What a screen reader and a validator look at, on every page in every language.
TEST(PagesTest, HasAnAccessibleStructureInEveryLanguage) {
  const Pages pages = NewPages();
  for (const Language& language : pages.texts().languages()) {
    for (const std::string& html :
         {pages.Preferences(Unsubscribe(language.code), "tok", std::nullopt, ""),
          pages.Preferences(Preferences(language.code), "tok", Done::kSaved, "undo"),
          pages.ShowMessage(Message::kUnavailable, language)}) {
      SCOPED_TRACE(html);
      EXPECT_THAT(html, HasSubstr("<html lang=\"" + language.code + "\" dir=\"" +
                                  language.direction + "\">"));
      EXPECT_EQ(Count(html, "<h1>"), 1);
      EXPECT_EQ(Count(html, "<main>"), 1);
      EXPECT_THAT(Matches(html, "<title>([^<]*)</title>"), ::testing::SizeIs(1));
      EXPECT_THAT(html, HasSubstr("width=device-width"));
      EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("style=\"")),
                              Not(HasSubstr(" onclick")), Not(HasSubstr("{{"))));
      const auto ids = Matches(html, " id=\"([^\"]*)\"");
      EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
      const auto labels = Matches(html, "<label for=\"([^\"]*)\"");
      EXPECT_EQ(labels.size(), Count(html, "type=\"checkbox\""));
      for (const std::string& label : labels) EXPECT_THAT(ids, ::testing::Contains(label));
      for (const std::string& described : Matches(html, "aria-describedby=\"([^\"]*)\"")) {
        EXPECT_THAT(ids, ::testing::Contains(described));
      }
    }
  }
}

// The source expression must match the bytes between the tags, or browsers drop the style.
TEST(PagesTest, StyleSourceIsTheHashOfTheStyle) {
  const Pages pages = NewPages();
  EXPECT_THAT(pages.style_source(), ::testing::MatchesRegex("'sha256-[A-Za-z0-9+/]{43}='"));
  const std::string html = pages.Preferences(Preferences(), "tok", std::nullopt, "");
  EXPECT_EQ(Count(html, "<style>"), 1);
}

}  // namespace
}  // namespace lmsmail::gateway
