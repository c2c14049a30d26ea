#include "services/template/storage/in_memory_template_store.h"

#include <memory>

#include "services/template/storage/template_store_contract.h"

namespace lmsmail::templates {
namespace {

INSTANTIATE_TEST_SUITE_P(InMemory, TemplateStoreContract, ::testing::Values([] {
                           return std::make_shared<InMemoryTemplateStore>();
                         }));

}  // namespace
}  // namespace lmsmail::templates
