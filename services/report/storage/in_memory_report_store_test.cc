#include "services/report/storage/in_memory_report_store.h"

#include "services/report/storage/report_store_contract.h"

namespace lmsmail::report {
namespace {

class InMemoryStores final : public Stores {
 public:
  CourseStore& courses() override { return store_; }
  ActivityStore& activities() override { return store_; }
  WeeklyReportStore& reports() override { return store_; }

 private:
  InMemoryReportStore store_;
};

std::unique_ptr<Stores> NewInMemoryStores() { return std::make_unique<InMemoryStores>(); }

INSTANTIATE_TEST_SUITE_P(InMemory, ReportStoreContract, ::testing::Values(NewInMemoryStores));

}  // namespace
}  // namespace lmsmail::report
