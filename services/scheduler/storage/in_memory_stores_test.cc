#include <memory>

#include "services/scheduler/storage/in_memory_automation_store.h"
#include "services/scheduler/storage/in_memory_event_store.h"
#include "services/scheduler/storage/in_memory_schedule_store.h"
#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {
namespace {

Stores MakeStores() {
  auto requests = std::make_unique<InMemoryRequestStore>();
  Stores stores;
  stores.schedules = std::make_unique<InMemoryScheduleStore>(*requests);
  stores.automations = std::make_unique<InMemoryAutomationStore>(*requests);
  stores.events = std::make_unique<InMemoryEventStore>();
  stores.requests = std::move(requests);
  return stores;
}

INSTANTIATE_TEST_SUITE_P(InMemory, ScheduleStoreContract, ::testing::Values(MakeStores));
INSTANTIATE_TEST_SUITE_P(InMemory, AutomationStoreContract, ::testing::Values(MakeStores));
INSTANTIATE_TEST_SUITE_P(InMemory, EventStoreContract, ::testing::Values(MakeStores));

}  // namespace
}  // namespace lmsmail::scheduler
