#include "services/dispatch/storage/in_memory_limit_store.h"

#include "services/dispatch/storage/limit_store_contract.h"

namespace lmsmail::dispatch {
namespace {

class InMemory final : public LimitStoreUnderTest {
 public:
  LimitStore& store() override { return store_; }
  ConnectionShares& connections() override { return store_; }
  const Clock& clock() override { return clock_; }
  void Advance(absl::Duration by) override { clock_.Advance(by); }

 private:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  InMemoryLimitStore store_{clock_};
};

const LimitStoreFactory kMakeStore = [] { return std::make_unique<InMemory>(); };
INSTANTIATE_TEST_SUITE_P(InMemory, LimitStoreContract, testing::Values(kMakeStore));

}  // namespace
}  // namespace lmsmail::dispatch
