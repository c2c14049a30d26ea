#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {

TEST_P(AutomationStoreContract, ReturnsWhatWasStored) {
  Automation automation = AutomationFor("a", EventType::kContentPublished);
  automation.display_name = "All of it";
  automation.delay = absl::Hours(1);
  automation.lane = lmsmail::type::v1::LANE_BULK;
  automation.create_time = automation.update_time = now_;
  ASSERT_OK(store().Create(automation, Request("r"), never_));
  ASSERT_OK_AND_ASSIGN(const Automation found, store().Find("a", never_));
  EXPECT_EQ(found.display_name, "All of it");
  EXPECT_EQ(found.event_type, EventType::kContentPublished);
  EXPECT_EQ(found.audience, Audience::kEnrolled);
  EXPECT_EQ(found.template_name, "templates/a");
  EXPECT_EQ(found.delay, absl::Hours(1));
  EXPECT_EQ(found.collect_window, absl::Minutes(15));
  EXPECT_EQ(found.lane, lmsmail::type::v1::LANE_BULK);
  EXPECT_TRUE(found.enabled);
  EXPECT_THAT(store().Create(automation, Request("r2"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(AutomationStoreContract, UpdatesListsAndDeletes) {
  Automation automation = AutomationFor("a", EventType::kStudentEnrolled);
  ASSERT_OK(store().Create(automation, Request("r1"), never_));
  ASSERT_OK(store().Create(AutomationFor("b", EventType::kStudentEnrolled), Request("r2"), never_));
  automation.enabled = false;
  EXPECT_THAT(store().Update(automation, never_), StatusIs(absl::StatusCode::kAborted));
  automation.revision = 2;
  ASSERT_OK(store().Update(automation, never_));
  ASSERT_OK_AND_ASSIGN(const auto enabled, store().ListEnabled(never_));
  ASSERT_EQ(enabled.size(), 1u);
  EXPECT_EQ(enabled.front().id, "b");
  EXPECT_EQ(store().List("", 10, never_)->size(), 2u);
  EXPECT_THAT(store().Delete("a", 1, never_), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(store().Delete("a", std::nullopt, never_));
  EXPECT_THAT(store().Delete("a", std::nullopt, never_), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace lmsmail::scheduler
