#include "services/template/default_installer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/template/catalog.h"
#include "services/template/in_memory_template_store.h"
#include "services/template/testing/sample_wording.h"

namespace lmsmail::templates {
namespace {

class DefaultInstallerTest : public ::testing::Test {
 protected:
  // What a release that ships `text` does.
  InstallOutcome Install(const std::string& text) {
    DefaultInstaller installer(store_, clock_,
                               {{.id = "enrollment",
                                 .category = Category::kEnrollment,
                                 .display_name = "Enrollment",
                                 .description = "When enrolled",
                                 .wording = SampleWording(text)}});
    const auto results = installer.Install(kForever);
    EXPECT_OK(results);
    EXPECT_TRUE(results.ok() && results->size() == 1);
    return results.ok() ? results->front().outcome : InstallOutcome::kKeptDeleted;
  }
  void Edit(const std::string& text, bool publish) {
    templates::Edit edit;
    edit.contents = SampleWording(text).contents;
    ASSERT_OK(catalog_.Update("enrollment", edit, {.etag = "", .publish = publish}, {}, kForever));
  }
  Template State() { return catalog_.Get("enrollment", kForever)->state; }

  static constexpr absl::Time kForever = absl::InfiniteFuture();
  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  InMemoryTemplateStore store_;
  Catalog catalog_{store_, clock_};
};

TEST_F(DefaultInstallerTest, InstallsAndPublishes) {
  EXPECT_EQ(Install("v1"), InstallOutcome::kInstalled);
  EXPECT_EQ(State().category, Category::kEnrollment);
  EXPECT_EQ(State().display_name, "Enrollment");
  EXPECT_EQ(State().published_version, 1);
  EXPECT_TRUE(State().shipped_default);
}

TEST_F(DefaultInstallerTest, DoesNothingTwice) {
  Install("v1");
  const std::int64_t revision = State().revision;
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(State().revision, revision);
}

TEST_F(DefaultInstallerTest, UpgradesWhatNobodyEdited) {
  Install("v1");
  EXPECT_EQ(Install("v2"), InstallOutcome::kUpgraded);
  EXPECT_EQ(State().published_version, 2);
  EXPECT_TRUE(State().shipped_default);
  EXPECT_OK(catalog_.Rollback("enrollment", "", kForever));
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(DefaultInstallerTest, AnOlderReleaseDoesNotDowngrade) {
  Install("v1");
  Install("v2");
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(State().published_version, 2);
}

TEST_F(DefaultInstallerTest, KeepsWhatSomebodyPublished) {
  Install("v1");
  Edit("ours", true);
  EXPECT_FALSE(State().shipped_default);
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 2);
  EXPECT_EQ(State().latest_version, 2);
}

TEST_F(DefaultInstallerTest, KeepsADraft) {
  Install("v1");
  Edit("ours", false);
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(DefaultInstallerTest, KeepsARollback) {
  Install("v1");
  Install("v2");
  ASSERT_OK(catalog_.Rollback("enrollment", "", kForever));
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(DefaultInstallerTest, KeepsADeletion) {
  Install("v1");
  ASSERT_OK(catalog_.Delete("enrollment", "", kForever));
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptDeleted);
  EXPECT_TRUE(State().delete_time);
}

TEST_F(DefaultInstallerTest, KeepsAnotherTemplateOfThatName) {
  ASSERT_OK(catalog_.Create({.id = "enrollment",
                             .category = Category::kEnrollment,
                             .display_name = "",
                             .description = "",
                             .wording = SampleWording("ours")},
                            {.request_id = "1"}, {}, kForever));
  EXPECT_EQ(Install("v1"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 0);
}

}  // namespace
}  // namespace lmsmail::templates
