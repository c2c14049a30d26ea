#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

constexpr int kClaimSize = 500;
constexpr int kSmallBatches = 10;
constexpr int kSmallSize = 100;

class PgQueueFairnessTest : public PgQueueFixture {
 protected:
  // Accepts ten small batches and returns how many claims take all of their mails.
  int ClaimsForSmallBatches() {
    for (int i = 0; i < kSmallBatches; ++i) AcceptBatch("small-" + std::to_string(i), kSmallSize);
    Advance(absl::Seconds(1));
    int left = kSmallBatches * kSmallSize;
    int claims = 0;
    while (left > 0) {
      const Claim claim = Take(Lane::kBulk, kClaimSize);
      if (claim.mails.empty()) {
        ADD_FAILURE() << left << " mails were not claimed";
        break;
      }
      ++claims;
      left -= static_cast<int>(std::ranges::count_if(claim.mails, [](const ClaimedMail& claimed) {
        return claimed.mail.target.value.find("/small-") != std::string::npos;
      }));
    }
    return claims;
  }
};

TEST_F(PgQueueFairnessTest, LargeBatchDoesNotStarveSmallBatches) {
  const int alone = ClaimsForSmallBatches();
  Renew();
  for (int chunk = 0; chunk < 20; ++chunk) AcceptOne(Batch("large", 1000, chunk));
  EXPECT_LE(ClaimsForSmallBatches(), 2 * alone);
}

}  // namespace
}  // namespace lmsmail::dispatch
