#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/storage/queue_store_contract.h"

// One large batch does not starve small ones of the same lane.
namespace lmsmail::dispatch {
namespace {

constexpr int kClaimSize = 500;
constexpr int kSmallBatches = 10;
constexpr int kSmallSize = 100;

}  // namespace

int StoreContract::ClaimsUntilSmallBatchesAreOut() {
  for (int i = 0; i < kSmallBatches; ++i) AcceptBatch("small-" + std::to_string(i), kSmallSize);
  Advance(absl::Seconds(1));
  int left = kSmallBatches * kSmallSize;
  int claims = 0;
  while (left > 0) {
    const Claim claim = Take(Lane::kBulk, kClaimSize);
    if (claim.mails.empty()) {
      ADD_FAILURE() << left << " mails did not come out";
      break;
    }
    ++claims;
    left -= static_cast<int>(std::ranges::count_if(claim.mails, [](const ClaimedMail& claimed) {
      return claimed.mail.target.value.find("/small-") != std::string::npos;
    }));
  }
  return claims;
}

TEST_P(QueueStoreContract, ALargeBatchDoesNotStarveSmallOnes) {
  const int alone = ClaimsUntilSmallBatchesAreOut();
  Renew();
  for (int chunk = 0; chunk < 20; ++chunk) AcceptOne(Batch("large", 1000, chunk));
  EXPECT_LE(ClaimsUntilSmallBatchesAreOut(), 2 * alone);
}

}  // namespace lmsmail::dispatch
