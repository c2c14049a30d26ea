#include "services/preference/storage/in_memory_preference_store.h"

#include "services/preference/storage/preference_store_contract.h"

namespace lmsmail::preference {
namespace {

StoreUnderTest MakeInMemory() {
  auto store = std::make_unique<InMemoryPreferenceStore>();
  InMemoryPreferenceStore* const in_memory = store.get();
  return {std::move(store),
          [in_memory](const Registration& r) { in_memory->InsertWithoutConsent(r); }};
}

INSTANTIATE_TEST_SUITE_P(InMemory, PreferenceStoreContract, ::testing::Values(MakeInMemory));

}  // namespace
}  // namespace lmsmail::preference
