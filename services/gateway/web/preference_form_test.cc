#include "services/gateway/web/preference_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_links.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using ::testing::ElementsAre;

constexpr char kUrlEncoded[] = "application/x-www-form-urlencoded";

Request Post(std::string body, std::string type = kUrlEncoded) {
  Request request{.method = "POST",
                  .target = "/",
                  .path = "/",
                  .query = {},
                  .headers = {},
                  .body = std::move(body),
                  .client_address = {},
                  .parameters = {}};
  if (!type.empty()) request.headers.Set("Content-Type", std::move(type));
  return request;
}

const Link kUnsubscribe{
    .kind = LinkKind::kUnsubscribe, .category = Category::kDemo, .choices = AllSubscribed()};
const Link kPreferences{.choices = AllSubscribed()};

TEST(OneClickTest, AcceptsThePairInBothEncodings) {
  EXPECT_TRUE(IsOneClick(Post("List-Unsubscribe=One-Click")));
  EXPECT_TRUE(IsOneClick(
      Post("List-Unsubscribe=One-Click", "Application/X-WWW-Form-URLEncoded; charset=UTF-8")));
  EXPECT_TRUE(IsOneClick(
      Post("--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
           "--b--\r\n",
           "multipart/form-data; boundary=b")));
}

TEST(OneClickTest, RefusesEverythingElse) {
  for (const char* body :
       {"", "List-Unsubscribe", "List-Unsubscribe=", "List-Unsubscribe=One-Click&a=b",
        "List-Unsubscribe=One-Click&List-Unsubscribe=One-Click", "list-unsubscribe=One-Click",
        "List-Unsubscribe=one-click", "List-Unsubscribe=One-Click\r\n", "%",
        "action=unsubscribe"}) {
    EXPECT_FALSE(IsOneClick(Post(body))) << body;
  }
  EXPECT_FALSE(IsOneClick(Post("List-Unsubscribe=One-Click", "text/plain")));
  EXPECT_FALSE(IsOneClick(Post("List-Unsubscribe=One-Click", "")));
  EXPECT_FALSE(IsOneClick(Post("List-Unsubscribe=One-Click", "multipart/form-data")));
}

TEST(PreferenceFormTest, ReadsTheSwitchOfTrackingWhereItWasShown) {
  const auto tracking = [](const std::string& more) {
    const auto decision =
        ParseDecision(Post("action=save&shown=demo&category=demo" + more), kPreferences);
    EXPECT_OK(decision);
    return std::get<Change>(*decision).update.tracking_allowed;
  };
  EXPECT_EQ(tracking(""), std::nullopt);
  EXPECT_EQ(tracking("&tracking=allowed"), std::nullopt);
  EXPECT_EQ(tracking("&shown=tracking"), false);
  EXPECT_EQ(tracking("&shown=tracking&tracking=allowed"), true);
}

TEST(PreferenceFormTest, ReadsTheButtonsOfAnUnsubscribeLink) {
  ASSERT_OK_AND_ASSIGN(Decision decision, ParseDecision(Post("action=unsubscribe"), kUnsubscribe));
  EXPECT_THAT(std::get<Change>(decision).update.unsubscribe, ElementsAre(Category::kDemo));
  EXPECT_EQ(std::get<Change>(decision).done, Done::kUnsubscribed);
  ASSERT_OK_AND_ASSIGN(decision, ParseDecision(Post("action=subscribe"), kUnsubscribe));
  EXPECT_THAT(std::get<Change>(decision).update.subscribe, ElementsAre(Category::kDemo));
  ASSERT_OK_AND_ASSIGN(decision, ParseDecision(Post("action=unsubscribe_all"), kUnsubscribe));
  EXPECT_TRUE(std::get<Change>(decision).update.unsubscribe_from_all);
  ASSERT_OK_AND_ASSIGN(decision, ParseDecision(Post("undo=t&action=undo"), kUnsubscribe));
  EXPECT_EQ(std::get<Undo>(decision).undo_token, "t");
}

TEST(PreferenceFormTest, ReadsTheCheckboxesOfAPreferencesLink) {
  ASSERT_OK_AND_ASSIGN(
      const Decision decision,
      ParseDecision(Post("shown=demo&category=progress&shown=progress&shown=content&action=save"),
                    kPreferences));
  const LinkUpdate& update = std::get<Change>(decision).update;
  EXPECT_THAT(update.subscribe, ElementsAre(Category::kProgress));
  // The page did not show announcements.
  EXPECT_THAT(update.unsubscribe, ElementsAre(Category::kDemo, Category::kContent));
  EXPECT_FALSE(update.unsubscribe_from_all);
}

TEST(PreferenceFormTest, RefusesWhatNoFormSends) {
  for (const char* body :
       {"", "action=", "action=other", "action=save", "action=undo", "action=save&category=demo",
        "action=save&shown=payment", "action=unsubscribe", "action=unsubscribe_all&action=save",
        "action=undo&undo=a&undo=b", "List-Unsubscribe=One-Click", "%zz"}) {
    EXPECT_THAT(ParseDecision(Post(body), kPreferences),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << body;
  }
  EXPECT_THAT(ParseDecision(Post("action=save&shown=demo"), kUnsubscribe),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(ParseDecision(Post("action=unsubscribe_all", "text/plain"), kPreferences).ok());
}

}  // namespace
}  // namespace lmsmail::gateway
