#include "services/dispatch/limits/throttling.h"

#include <gtest/gtest.h>

namespace lmsmail::dispatch {
namespace {

Throttled By(int code, std::string enhanced = "") {
  return ThrottledBy({.kind = DeliveryResult::Kind::kRejectedTemporary,
                      .reply_code = code,
                      .enhanced_code = std::move(enhanced),
                      .reply_text = ""});
}

TEST(ThrottlingTest, AServerThatIsClosingOrCongestedMeansTheTransport) {
  EXPECT_EQ(By(421, "4.7.0"), Throttled::kTransport);
  EXPECT_EQ(By(429), Throttled::kTransport);
  EXPECT_EQ(By(454, "4.7.0"), Throttled::kTransport);
  EXPECT_EQ(By(451, "4.3.2"), Throttled::kTransport);
  EXPECT_EQ(By(452), Throttled::kTransport);
  EXPECT_EQ(By(451, "4.4.5"), Throttled::kTransport);
}

TEST(ThrottlingTest, PolicyAndTheWayBeyondMeanTheRecipientsDomain) {
  EXPECT_EQ(By(450, "4.7.28"), Throttled::kRecipientDomain);
  EXPECT_EQ(By(451, "4.7.650"), Throttled::kRecipientDomain);
  EXPECT_EQ(By(450, "4.4.1"), Throttled::kRecipientDomain);
}

TEST(ThrottlingTest, WhatConcernsOneMailSlowsNobody) {
  EXPECT_EQ(By(451, "4.7.1"), Throttled::kNobody) << "greylisting";
  EXPECT_EQ(By(451), Throttled::kNobody) << "most likely greylisting";
  EXPECT_EQ(By(450, "4.2.1"), Throttled::kNobody) << "one mailbox";
  EXPECT_EQ(By(452, "4.2.2"), Throttled::kNobody) << "a full mailbox";
  EXPECT_EQ(By(550, "5.7.1"), Throttled::kNobody);
  EXPECT_EQ(By(250), Throttled::kNobody);
}

}  // namespace
}  // namespace lmsmail::dispatch
