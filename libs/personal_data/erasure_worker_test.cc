#include "libs/personal_data/erasure_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::personal_data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeErasures final : public Erasures {
 public:
  std::vector<Person> people;
  std::vector<std::string> acknowledged;
  absl::Status status;

  absl::StatusOr<std::vector<Person>> Pending(absl::Time) override {
    if (!status.ok()) return status;
    return people;
  }
  absl::Status Acknowledge(std::string_view erasure, absl::Time) override {
    acknowledged.emplace_back(erasure);
    std::erase_if(people, [&](const Person& each) { return each.erasure == erasure; });
    return absl::OkStatus();
  }
};

class FakeData final : public PersonalData {
 public:
  std::map<std::string, absl::StatusOr<bool>> results;  // by id; the others are done
  std::vector<std::string> erased;

  absl::StatusOr<bool> Erase(const Person& person, absl::Time) override {
    erased.push_back(person.recipient_id);
    const auto result = results.find(person.recipient_id);
    if (result == results.end()) return true;
    return result->second;
  }
  absl::StatusOr<std::string> Export(std::string_view, absl::Time) override { return "{}"; }
};

class ErasureWorkerTest : public ::testing::Test {
 protected:
  FakeErasures erasures_;
  FakeData data_;
  FakeClock clock_{absl::UnixEpoch()};
  ErasureWorker worker_{erasures_, data_, clock_};
};

TEST_F(ErasureWorkerTest, AcknowledgesWhatIsDoneAndLooksForMore) {
  erasures_.people = {{"erasures/1", "ann", "ann@example.com"}, {"erasures/2", "bob", ""}};
  EXPECT_EQ(worker_.RunOnce(), absl::ZeroDuration());
  EXPECT_THAT(erasures_.acknowledged, ElementsAre("erasures/1", "erasures/2"));
  EXPECT_GT(worker_.RunOnce(), absl::ZeroDuration());
}

TEST_F(ErasureWorkerTest, RepeatsWhatIsNotDoneWithoutKeepingOthersWaiting) {
  erasures_.people = {
      {"erasures/1", "ann", ""}, {"erasures/2", "bob", ""}, {"erasures/3", "cy", ""}};
  data_.results = {{"ann", false}, {"bob", absl::UnavailableError("down")}};
  EXPECT_GT(worker_.RunOnce(), absl::ZeroDuration());
  EXPECT_THAT(erasures_.acknowledged, ElementsAre("erasures/3"));
  data_.results.clear();
  EXPECT_EQ(worker_.RunOnce(), absl::ZeroDuration());
  EXPECT_THAT(erasures_.acknowledged, ElementsAre("erasures/3", "erasures/1", "erasures/2"));
}

TEST_F(ErasureWorkerTest, WaitsForThePreferenceService) {
  erasures_.status = absl::UnavailableError("down");
  EXPECT_GT(worker_.RunOnce(), absl::ZeroDuration());
  EXPECT_THAT(data_.erased, IsEmpty());
}

}  // namespace
}  // namespace lmsmail::personal_data
