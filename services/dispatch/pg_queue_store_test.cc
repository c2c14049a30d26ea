#include "services/dispatch/pg_queue_store.h"

#include <memory>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/pg_store_under_test.h"
#include "services/dispatch/queue_store_contract.h"

namespace lmsmail::dispatch {
namespace {

const StoreFactory kMakeStore = [] { return std::make_unique<PgStoreUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Postgres, QueueStoreContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(Postgres, MessageLogContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(Postgres, StoreInvariants, testing::Values(kMakeStore));

}  // namespace
}  // namespace lmsmail::dispatch
