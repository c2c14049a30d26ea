#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/testing/status_matchers.h"
#include "services/template/storage/template_store.h"
#include "services/template/testing/sample_content.h"

// The tests that every TemplateStore passes. The test of a store instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(InMemory, TemplateStoreContract, ::testing::Values(MakeStore));
namespace lmsmail::templates {

class TemplateStoreContract
    : public ::testing::TestWithParam<std::function<std::shared_ptr<TemplateStore>()>> {
 protected:
  using Kind = VersionSelector::Kind;

  static constexpr absl::Time kForever = absl::InfiniteFuture();
  const absl::Time now_ = absl::FromUnixMicros(1'700'000'000'123'456);

  void SetUp() override {
    store_ = GetParam()();
    ASSERT_NE(store_, nullptr);
  }

  Change First(const std::string& id, Category category = Category::kContent) const {
    return {.state = {.id = id,
                      .category = category,
                      .display_name = "Näme",
                      .description = "When it is sent",
                      .latest_version = 1,
                      .create_time = now_,
                      .update_time = now_,
                      .delete_time = std::nullopt},
            .version = MakeVersion(1, SampleContent(), true, now_)};
  }
  // Returns a change of `state` that adds and publishes a version.
  Change Next(const Template& state, const std::string& text) const {
    Change change{.state = state};
    ++change.state.revision;
    change.version = MakeVersion(++change.state.latest_version, SampleContent(text), false, now_);
    Publish(*change.version, state.publication, now_, change);
    return change;
  }
  void MustCreate(const Change& first) { ASSERT_OK(store_->Create(first, std::nullopt, kForever)); }
  std::vector<std::string> Ids(const ListQuery& query) {
    std::vector<std::string> ids;
    const auto found = store_->List(query, kForever);
    EXPECT_OK(found);
    for (const Template& state : found.value_or(std::vector<Template>{})) ids.push_back(state.id);
    return ids;
  }

  std::shared_ptr<TemplateStore> store_;
};

}  // namespace lmsmail::templates
