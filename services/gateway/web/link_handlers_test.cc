#include "services/gateway/web/link_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_links.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LinkHandlersTest : public ::testing::Test {
 protected:
  static Request To(std::string token, std::string query = "") {
    Request request;
    request.method = "GET";
    request.query = std::move(query);
    request.parameters = {{"token", std::move(token)}};
    return request;
  }
  static Request Post(std::string token, std::string body) {
    Request request = To(std::move(token));
    request.method = "POST";
    request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    request.body = std::move(body);
    return request;
  }
  bool NothingChanged() const { return !links_.last_update && links_.one_clicks == 0; }

  FakeLinks links_;
  const Pages pages_ = Pages::Create({"Demo School", "https://learn.example"}).value();
  LinkHandlers handlers_{links_, pages_};
};

constexpr char kPair[] = "List-Unsubscribe=One-Click";

TEST_F(LinkHandlersTest, OneClickAnswersTheSameEachTime) {
  for (int i = 0; i < 3; ++i) {
    const Response response = handlers_.OneClick(Post("u", kPair));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "Unsubscribed.\n");
    EXPECT_FALSE(response.headers.Has("Set-Cookie"));
    EXPECT_FALSE(response.headers.Has("Location"));
  }
  EXPECT_FALSE(links_.choices[0].subscribed);
  EXPECT_TRUE(links_.choices[1].subscribed);
}

TEST_F(LinkHandlersTest, OneClickNeedsThePair) {
  const Response response = handlers_.OneClick(Post("u", ""));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(kPair));
  EXPECT_TRUE(NothingChanged());
}

TEST_F(LinkHandlersTest, OneClickWithAnotherTokenIsNotFound) {
  EXPECT_EQ(handlers_.OneClick(Post("x", kPair)).status, 404);
}

TEST_F(LinkHandlersTest, OneClickForADeletedRecipientSucceeds) {
  links_.fault = absl::NotFoundError("deleted");
  EXPECT_EQ(handlers_.OneClick(Post("u", kPair)).status, 200);
}

TEST_F(LinkHandlersTest, OneClickAsksToRetryDuringAnOutage) {
  const telemetry::ScopedLogCapture logs;
  links_.fault = absl::UnavailableError("down");
  const Response response = handlers_.OneClick(Post("u", kPair));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.Get("Retry-After"), "60");
}

TEST_F(LinkHandlersTest, ShowingAPageChangesNothing) {
  links_.language_code = "de";
  for (const auto& [kind, token] :
       {std::pair(LinkKind::kUnsubscribe, "u"), std::pair(LinkKind::kPreferences, "p")}) {
    const Response response = handlers_.ShowPage(kind, To(token, "done=saved&undo=a"));
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, HasSubstr("lang=\"de\""));
  }
  EXPECT_TRUE(NothingChanged());
}

TEST_F(LinkHandlersTest, ATokenOfTheOtherLinkIsNotFound) {
  EXPECT_EQ(handlers_.ShowPage(LinkKind::kPreferences, To("u")).status, 404);
  EXPECT_EQ(handlers_.ShowPage(LinkKind::kUnsubscribe, To("p")).status, 404);
  EXPECT_EQ(handlers_.Change(LinkKind::kPreferences, Post("u", "action=unsubscribe_all")).status,
            404);
  EXPECT_TRUE(NothingChanged());
}

TEST_F(LinkHandlersTest, ExplainsABadLinkInTheLanguageOfTheBrowser) {
  Request request = To("x");
  request.headers.Set("Accept-Language", "es-MX,en;q=0.5");
  const Response response = handlers_.ShowPage(LinkKind::kPreferences, request);
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, AllOf(HasSubstr("lang=\"es\""), HasSubstr("Este enlace no funciona")));
}

TEST_F(LinkHandlersTest, ExplainsAnOutage) {
  const telemetry::ScopedLogCapture logs;
  links_.fault = absl::DeadlineExceededError("slow");
  const Response response = handlers_.ShowPage(LinkKind::kUnsubscribe, To("secret-token"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.Get("Retry-After"), "60");
  EXPECT_THAT(response.body, HasSubstr("Please try again"));
  for (const telemetry::LoggedEvent& event : logs.events()) {
    for (const auto& [key, value] : event.fields) EXPECT_THAT(value, Not(HasSubstr("secret")));
  }
}

TEST_F(LinkHandlersTest, AChangeLeadsBackToThePageWithAnUndo) {
  Response response = handlers_.Change(LinkKind::kUnsubscribe, Post("u", "action=unsubscribe_all"));
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(response.headers.Get("Location"), "../u?done=all&undo=undo-1");
  EXPECT_EQ(links_.last_consent_text, kConsentText);
  const Response page = handlers_.ShowPage(LinkKind::kUnsubscribe, To("u", "done=all&undo=undo-1"));
  EXPECT_THAT(page.body, AllOf(HasSubstr("role=\"status\""), HasSubstr("value=\"undo-1\"")));

  response = handlers_.Change(LinkKind::kUnsubscribe, Post("u", "action=undo&undo=undo-1"));
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(response.headers.Get("Location"), "../u?done=undone");
  EXPECT_TRUE(links_.choices[0].subscribed);
}

TEST_F(LinkHandlersTest, SavesTheCheckboxes) {
  const Response response = handlers_.Change(
      LinkKind::kPreferences, Post("p", "shown=demo&shown=content&category=content&action=save"));
  EXPECT_EQ(response.headers.Get("Location"), "../p?done=saved");
  EXPECT_FALSE(links_.choices[0].subscribed);
}

TEST_F(LinkHandlersTest, ABodyOfNoFormChangesNothing) {
  for (const char* body : {"", kPair, "action=other", "action=undo&undo=other"}) {
    const Response response = handlers_.Change(LinkKind::kUnsubscribe, Post("u", body));
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(response.body, HasSubstr("The form is incomplete"));
  }
  EXPECT_TRUE(NothingChanged());
}

}  // namespace
}  // namespace lmsmail::gateway
