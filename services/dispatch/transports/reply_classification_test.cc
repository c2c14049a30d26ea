#include "services/dispatch/transports/reply_classification.h"

#include <gtest/gtest.h>

namespace lmsmail::dispatch {
namespace {

Throttled By(int code, std::string enhanced = "") {
  return ThrottledBy({.kind = DeliveryResult::Kind::kRejectedTemporary,
                      .reply_code = code,
                      .enhanced_code = std::move(enhanced),
                      .reply_text = ""});
}

TEST(ThrottledByTest, AClosingOrCongestedServerThrottlesTheTransport) {
  EXPECT_EQ(By(421, "4.7.0"), Throttled::kTransport);
  EXPECT_EQ(By(429), Throttled::kTransport);
  EXPECT_EQ(By(454, "4.7.0"), Throttled::kTransport);
  EXPECT_EQ(By(451, "4.3.2"), Throttled::kTransport);
  EXPECT_EQ(By(452), Throttled::kTransport);
  EXPECT_EQ(By(451, "4.4.5"), Throttled::kTransport);
}

TEST(ThrottledByTest, PolicyAndRemoteNetworkFaultsThrottleTheRecipientDomain) {
  EXPECT_EQ(By(450, "4.7.28"), Throttled::kRecipientDomain);
  EXPECT_EQ(By(451, "4.7.650"), Throttled::kRecipientDomain);
  EXPECT_EQ(By(450, "4.4.1"), Throttled::kRecipientDomain);
}

TEST(ThrottledByTest, RepliesAboutOneMailThrottleNothing) {
  EXPECT_EQ(By(451, "4.7.1"), Throttled::kNothing) << "greylisting";
  EXPECT_EQ(By(451), Throttled::kNothing) << "most likely greylisting";
  EXPECT_EQ(By(450, "4.2.1"), Throttled::kNothing) << "one mailbox";
  EXPECT_EQ(By(452, "4.2.2"), Throttled::kNothing) << "a full mailbox";
  EXPECT_EQ(By(550, "5.7.1"), Throttled::kNothing);
  EXPECT_EQ(By(250), Throttled::kNothing);
}

}  // namespace
}  // namespace lmsmail::dispatch
