#include "services/dispatch/storage/in_memory_store.h"

#include <memory>

#include "libs/clock/clock.h"
#include "services/dispatch/storage/queue_store_contract.h"

namespace lmsmail::dispatch {
namespace {

class InMemory final : public StoreUnderTest {
 public:
  QueueStore& queue() override { return store_; }
  MessageLog& log() override { return store_; }
  absl::Time Now() override { return clock_.Now(); }
  void Advance(absl::Duration by) override { clock_.Advance(by); }

 private:
  FakeClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 23, 9, 0, 0), absl::UTCTimeZone())};
  InMemoryStore store_{clock_, InMemoryStore::Shards::kMany};
};

const StoreFactory kMakeStore = [] { return std::make_unique<InMemory>(); };

INSTANTIATE_TEST_SUITE_P(InMemory, QueueStoreContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(InMemory, MessageLogContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(InMemory, StoreInvariants, testing::Values(kMakeStore));

}  // namespace
}  // namespace lmsmail::dispatch
