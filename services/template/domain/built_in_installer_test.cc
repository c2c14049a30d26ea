#include "services/template/domain/built_in_installer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/template/domain/catalog.h"
#include "services/template/storage/in_memory_template_store.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

class BuiltInInstallerTest : public ::testing::Test {
 protected:
  // Installs like a release whose built-in content has `text`.
  InstallOutcome Install(const std::string& text) {
    BuiltInInstaller installer(store_, clock_,
                               {{.id = "enrollment",
                                 .category = Category::kEnrollment,
                                 .display_name = "Enrollment",
                                 .description = "When enrolled",
                                 .content = SampleContent(text)}});
    const auto results = installer.Install(kForever);
    EXPECT_OK(results);
    EXPECT_TRUE(results.ok() && results->size() == 1);
    return results.ok() ? results->front().outcome : InstallOutcome::kKeptDeleted;
  }
  void Edit(const std::string& text, bool publish) {
    templates::Edit edit;
    edit.languages = SampleContent(text).languages;
    ASSERT_OK(catalog_.Update("enrollment", edit, {.etag = "", .publish = publish}, {}, kForever));
  }
  Template State() { return catalog_.Get("enrollment", kForever)->state; }

  static constexpr absl::Time kForever = absl::InfiniteFuture();
  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  InMemoryTemplateStore store_;
  Catalog catalog_{store_, clock_};
};

TEST_F(BuiltInInstallerTest, InstallsAndPublishes) {
  EXPECT_EQ(Install("v1"), InstallOutcome::kInstalled);
  EXPECT_EQ(State().category, Category::kEnrollment);
  EXPECT_EQ(State().display_name, "Enrollment");
  EXPECT_EQ(State().published_version, 1);
  EXPECT_TRUE(State().built_in);
}

TEST_F(BuiltInInstallerTest, IsIdempotent) {
  Install("v1");
  const std::int64_t revision = State().revision;
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(State().revision, revision);
}

TEST_F(BuiltInInstallerTest, UpgradesUneditedTemplates) {
  Install("v1");
  EXPECT_EQ(Install("v2"), InstallOutcome::kUpgraded);
  EXPECT_EQ(State().published_version, 2);
  EXPECT_TRUE(State().built_in);
  EXPECT_OK(catalog_.Rollback("enrollment", "", kForever));
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(BuiltInInstallerTest, DoesNotDowngradeToAnOlderRelease) {
  Install("v1");
  Install("v2");
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(State().published_version, 2);
}

TEST_F(BuiltInInstallerTest, KeepsEditedTemplates) {
  Install("v1");
  Edit("ours", true);
  EXPECT_FALSE(State().built_in);
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 2);
  EXPECT_EQ(State().latest_version, 2);
}

TEST_F(BuiltInInstallerTest, KeepsDrafts) {
  Install("v1");
  Edit("ours", false);
  EXPECT_EQ(Install("v1"), InstallOutcome::kUnchanged);
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(BuiltInInstallerTest, KeepsRollbacks) {
  Install("v1");
  Install("v2");
  ASSERT_OK(catalog_.Rollback("enrollment", "", kForever));
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 1);
}

TEST_F(BuiltInInstallerTest, KeepsDeletedTemplates) {
  Install("v1");
  ASSERT_OK(catalog_.Delete("enrollment", "", kForever));
  EXPECT_EQ(Install("v2"), InstallOutcome::kKeptDeleted);
  EXPECT_TRUE(State().delete_time);
}

TEST_F(BuiltInInstallerTest, KeepsACustomTemplateWithTheSameId) {
  ASSERT_OK(catalog_.Create({.id = "enrollment",
                             .category = Category::kEnrollment,
                             .display_name = "",
                             .description = "",
                             .content = SampleContent("ours")},
                            {.request_id = "1"}, {}, kForever));
  EXPECT_EQ(Install("v1"), InstallOutcome::kKeptEdited);
  EXPECT_EQ(State().published_version, 0);
}

}  // namespace
}  // namespace lmsmail::templates
