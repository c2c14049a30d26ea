#include "services/dispatch/transports/http_classification.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace lmsmail::dispatch {
namespace {

using Kind = Refusal::Kind;
using Subject = HttpRefused::Subject;

TEST(ClassifyHttpTest, AWrongKeyDomainOrUrlRefusesAllMail) {
  for (const int status : {200, 204, 301, 307, 401, 402, 403, 404, 405, 406, 451}) {
    const Refusal refusal = Classify(HttpRefused{.status = status, .text = "no"});
    EXPECT_EQ(refusal.kind, Kind::kSender) << status;
    EXPECT_TRUE(refusal.all_mail) << status;
    EXPECT_FALSE(refusal.quota) << status;
  }
}

TEST(ClassifyHttpTest, AUsedUpQuotaIsKnownByItsWordsOrItsWait) {
  for (const HttpRefused& refused :
       {HttpRefused{.status = 401, .text = "Maximum credits exceeded"},
        HttpRefused{.status = 429, .text = "daily limit exceeded"},
        HttpRefused{.status = 429, .text = "too many requests", .retry_after = absl::Hours(2)}}) {
    const Refusal refusal = Classify(refused);
    EXPECT_TRUE(refusal.quota) << refused.text;
    EXPECT_TRUE(refusal.all_mail) << refused.text;
    EXPECT_EQ(refusal.retry_after, refused.retry_after);
  }
}

TEST(ClassifyHttpTest, ARateLimitPasses) {
  const Refusal refusal = Classify(
      HttpRefused{.status = 429, .text = "too many requests", .retry_after = absl::Seconds(9)});
  EXPECT_EQ(refusal.kind, Kind::kTemporary);
  EXPECT_EQ(refusal.reason, Reason::kRateLimited);
  EXPECT_EQ(refusal.throttled, Throttled::kTransport);
  EXPECT_EQ(refusal.retry_after, absl::Seconds(9));
}

TEST(ClassifyHttpTest, TroubleOfTheProviderPassesWhateverItSays) {
  for (const int status : {408, 500, 502, 503, 504}) {
    const Refusal refusal = Classify(HttpRefused{.status = status, .text = "daily limit"});
    EXPECT_EQ(refusal.kind, Kind::kTemporary) << status;
  }
}

TEST(ClassifyHttpTest, ABadRequestConcernsWhatItNames) {
  const Refusal recipient = Classify(HttpRefused{
      .status = 400, .subject = Subject::kRecipient, .text = "Does not contain a valid address."});
  EXPECT_EQ(recipient.kind, Kind::kRecipient);
  EXPECT_FALSE(recipient.address_dead) << "the provider asked no mail server";
  const Refusal content =
      Classify(HttpRefused{.status = 400, .subject = Subject::kContent, .text = "Invalid header"});
  EXPECT_EQ(content.kind, Kind::kMail);
  EXPECT_EQ(content.reason, Reason::kContentRejected);
  EXPECT_EQ(Classify(HttpRefused{.status = 413, .text = "Request Entity Too Large"}).reason,
            Reason::kTooLarge);
}

// It may be a mistake of ours in every request, so it takes several to open the breaker, and no
// mail fails at the first.
TEST(ClassifyHttpTest, ABadRequestThatNamesNothingIsOurs) {
  for (const Subject subject : {Subject::kUnknown, Subject::kSender}) {
    const Refusal refusal =
        Classify(HttpRefused{.status = 400, .subject = subject, .text = "Bad Request"});
    EXPECT_EQ(refusal.kind, Kind::kSender);
    EXPECT_FALSE(refusal.all_mail);
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
