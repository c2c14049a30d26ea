#include "services/template/domain/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "libs/testing/status_matchers.h"
#include "services/template/storage/in_memory_template_store.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

using Kind = VersionSelector::Kind;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

// Runs `before_write` just before the next write, like a concurrent call of another replica.
class RacingStore final : public InMemoryTemplateStore {
 public:
  std::function<void()> before_write;

  absl::Status Create(const Change& first, const std::optional<IdempotencyRecord>& record,
                      absl::Time deadline) override {
    if (before_write) std::exchange(before_write, nullptr)();
    return InMemoryTemplateStore::Create(first, record, deadline);
  }
  absl::Status Update(const Change& change, absl::Time deadline) override {
    if (before_write) std::exchange(before_write, nullptr)();
    return InMemoryTemplateStore::Update(change, deadline);
  }
};

class CatalogTest : public ::testing::Test {
 protected:
  static NewTemplate Welcome(const std::string& text = "v1") {
    return {.id = "welcome",
            .category = Category::kEnrollment,
            .display_name = "Welcome",
            .description = "",
            .content = SampleContent(text)};
  }
  static Edit Text(const std::string& text) {
    Edit edit;
    edit.languages = SampleContent(text).languages;
    return edit;
  }
  absl::StatusOr<Found> Create(const CreateOptions& options = {.request_id = "r1"}) {
    return catalog_.Create(Welcome(), options, {}, kForever);
  }
  absl::StatusOr<Found> Update(const Edit& edit, const UpdateOptions& options = {.etag = ""}) {
    return catalog_.Update("welcome", edit, options, {}, kForever);
  }
  absl::StatusOr<Found> Publish(std::optional<int> version = std::nullopt) {
    return catalog_.Publish("welcome", version, "", kForever);
  }
  absl::StatusOr<int> Rollback() {
    auto found = catalog_.Rollback("welcome", "", kForever);
    if (!found.ok()) return found.status();
    return found->state.published_version;
  }
  Template State() { return catalog_.Get("welcome", kForever)->state; }

  static constexpr absl::Time kForever = absl::InfiniteFuture();
  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  RacingStore store_;
  Catalog catalog_{store_, clock_};
};

TEST_F(CatalogTest, CreatesAnUnpublishedVersion) {
  ASSERT_OK_AND_ASSIGN(const Found created, Create());
  EXPECT_EQ(created.state.latest_version, 1);
  EXPECT_EQ(created.state.published_version, 0);
  EXPECT_FALSE(created.state.built_in);
  EXPECT_EQ(created.state.create_time, clock_.Now());
  EXPECT_EQ(created.version->content, SampleContent("v1"));
}

TEST_F(CatalogTest, CreatesAndPublishes) {
  ASSERT_OK_AND_ASSIGN(const Found created, Create({.request_id = "r", .publish = true}));
  EXPECT_EQ(created.state.published_version, 1);
}

TEST_F(CatalogTest, CreatesOnceForEqualRequestIds) {
  ASSERT_OK(Create({.request_id = "r", .digest = 1}));
  EXPECT_OK(Create({.request_id = "r", .digest = 1}));
  EXPECT_EQ(State().revision, 1);
  const auto other = Create({.request_id = "r", .digest = 2});
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("use a new one")));
  EXPECT_EQ(ReasonOf(other.status()).reason, kRequestIdReused);
}

TEST_F(CatalogTest, CreatesOnceForConcurrentEqualRequests) {
  store_.before_write = [&] { ASSERT_OK(Create({.request_id = "r", .digest = 1})); };
  EXPECT_OK(Create({.request_id = "r", .digest = 1}));
}

TEST_F(CatalogTest, DeletesRequestIdsAfterAWeek) {
  ASSERT_OK(Create({.request_id = "r", .digest = 1}));
  clock_.Advance(kRequestIdLifetime);
  EXPECT_THAT(catalog_.DeleteExpiredRequestIds(kForever), IsOkAndHolds(0));
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(catalog_.DeleteExpiredRequestIds(kForever), IsOkAndHolds(1));
}

TEST_F(CatalogTest, RejectsIdsOfDeletedTemplates) {
  ASSERT_OK(Create({.request_id = "r1"}));
  ASSERT_OK(catalog_.Delete("welcome", "", kForever));
  EXPECT_THAT(Create({.request_id = "r2"}), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Create({.request_id = "r3", .validate_only = true}),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(CatalogTest, ValidateOnlyStoresNothing) {
  ASSERT_OK_AND_ASSIGN(const Found created,
                       Create({.request_id = "r", .publish = true, .validate_only = true}));
  EXPECT_EQ(created.state.published_version, 1);
  EXPECT_THAT(catalog_.Get("welcome", kForever), StatusIs(absl::StatusCode::kNotFound));

  ASSERT_OK(Create());
  ASSERT_OK_AND_ASSIGN(const Found updated,
                       Update(Text("v2"), {.etag = "", .validate_only = true}));
  EXPECT_EQ(updated.state.latest_version, 2);
  EXPECT_EQ(updated.version->content, SampleContent("v2"));
  EXPECT_EQ(State().latest_version, 1);
}

TEST_F(CatalogTest, ReportsViolationsOfCallerAndContentTogether) {
  Violations violations;
  violations.Add("template_id", "is odd");
  NewTemplate invalid = Welcome();
  invalid.display_name = "a\nb";
  invalid.content.languages[0].html = "{{nobody}}";
  const auto status = catalog_.Create(invalid, {.request_id = "r"}, violations, kForever).status();
  EXPECT_THAT(ViolationsOf(status),
              ::testing::UnorderedElementsAre(
                  Field(&FieldViolation::field, "template_id"),
                  Field(&FieldViolation::field, "template.display_name"),
                  FieldViolation{"template.contents[0].html",
                                 "line 1, column 1: 'nobody' is not declared"}));
}

TEST_F(CatalogTest, EditCreatesAnUnpublishedVersion) {
  ASSERT_OK(Create({.request_id = "r", .publish = true}));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const Found found, Update(Text("v2")));
  EXPECT_EQ(found.state.latest_version, 2);
  EXPECT_EQ(found.state.published_version, 1);
  EXPECT_EQ(found.state.update_time, clock_.Now());
  EXPECT_EQ(found.version->number, 1);
  ASSERT_OK_AND_ASSIGN(const Found latest,
                       catalog_.GetVersion("welcome", {Kind::kLatest}, kForever));
  EXPECT_EQ(latest.version->content, SampleContent("v2"));
  EXPECT_EQ(latest.version->create_time, clock_.Now());
}

TEST_F(CatalogTest, EditKeepsOtherFields) {
  ASSERT_OK(Create());
  Edit edit;
  edit.variables = SampleContent().variables;
  edit.variables->push_back({.name = "extra"});
  ASSERT_OK_AND_ASSIGN(const Found found, Update(edit));
  EXPECT_EQ(found.version->number, 2);
  EXPECT_EQ(found.version->content.languages, SampleContent("v1").languages);
  EXPECT_EQ(found.state.display_name, "Welcome");
}

TEST_F(CatalogTest, CreatesNoVersionForNamesOrEqualContent) {
  ASSERT_OK(Create());
  Edit edit = Text("v1");
  edit.display_name = "Hello";
  ASSERT_OK_AND_ASSIGN(const Found renamed, Update(edit));
  EXPECT_EQ(renamed.state.display_name, "Hello");
  EXPECT_EQ(renamed.state.latest_version, 1);
  EXPECT_EQ(renamed.state.revision, 2);
  ASSERT_OK_AND_ASSIGN(const Found same, Update(edit));
  EXPECT_EQ(same.state.revision, 2);
}

TEST_F(CatalogTest, PublishesTogetherWithAnEdit) {
  ASSERT_OK(Create());
  Edit name;
  name.display_name = "Hello";
  ASSERT_OK_AND_ASSIGN(Found found, Update(name, {.etag = "", .publish = true}));
  EXPECT_EQ(found.state.published_version, 0);
  ASSERT_OK_AND_ASSIGN(found, Update(Text("v2"), {.etag = "", .publish = true}));
  EXPECT_EQ(found.state.published_version, 2);
  ASSERT_OK(Update(Text("v3")));
  ASSERT_OK_AND_ASSIGN(found, Update(Text("v3"), {.etag = "", .publish = true}));
  EXPECT_EQ(found.state.latest_version, 3);
  EXPECT_EQ(found.state.published_version, 3);
}

TEST_F(CatalogTest, AbortsOnAnOutdatedEtag) {
  ASSERT_OK_AND_ASSIGN(const Found created, Create());
  const std::string etag = EtagOf(created.state);
  ASSERT_OK(Update(Text("v2"), {.etag = etag}));
  EXPECT_NE(EtagOf(State()), etag);
  const auto late = Update(Text("v3"), {.etag = etag});
  EXPECT_THAT(late, StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ReasonOf(late.status()).reason, "ETAG_MISMATCH");
  EXPECT_THAT(catalog_.Publish("welcome", 2, etag, kForever), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(catalog_.Delete("welcome", etag, kForever), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(CatalogTest, KeepsConcurrentEdits) {
  ASSERT_OK_AND_ASSIGN(const Found created, Create());
  const auto rename = [&] {
    Edit name;
    name.display_name = "Theirs";
    ASSERT_OK(Update(name));
  };
  store_.before_write = rename;
  ASSERT_OK_AND_ASSIGN(const Found both, Update(Text("v2")));
  EXPECT_EQ(both.state.display_name, "Theirs");
  EXPECT_EQ(both.state.latest_version, 2);

  store_.before_write = [&] { ASSERT_OK(Update(Text("v3"))); };
  EXPECT_THAT(Update(Text("v4"), {.etag = EtagOf(both.state)}),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(CatalogTest, PublishesAnyVersion) {
  ASSERT_OK(Create());
  ASSERT_OK(Update(Text("v2")));
  EXPECT_EQ(Publish()->state.published_version, 2);
  EXPECT_EQ(Publish(1)->state.published_version, 1);
  const std::int64_t revision = State().revision;
  EXPECT_EQ(Publish(1)->state.revision, revision);
  EXPECT_THAT(Publish(3), StatusIs(absl::StatusCode::kNotFound, HasSubstr("versions/3")));
}

TEST_F(CatalogTest, RollbackGoesBackOnePublicationEachTime) {
  ASSERT_OK(Create());
  EXPECT_EQ(ReasonOf(Rollback().status()).reason, kNothingToRollBack);
  for (const char* text : {"v2", "v3"}) ASSERT_OK(Update(Text(text)));
  for (const int version : {1, 3, 2}) ASSERT_OK(Publish(version));
  EXPECT_THAT(Rollback(), IsOkAndHolds(3));
  EXPECT_THAT(Rollback(), IsOkAndHolds(1));
  EXPECT_THAT(Rollback(), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK(Publish(2));
  EXPECT_THAT(Rollback(), IsOkAndHolds(1));
}

TEST_F(CatalogTest, RejectsChangesOfDeletedTemplates) {
  ASSERT_OK(Create({.request_id = "r", .publish = true}));
  ASSERT_OK_AND_ASSIGN(const Found deleted, catalog_.Delete("welcome", "", kForever));
  EXPECT_EQ(deleted.state.delete_time, clock_.Now());
  EXPECT_EQ(catalog_.Delete("welcome", "", kForever)->state.revision, deleted.state.revision);
  for (const absl::Status& status :
       {Update(Text("v2")).status(), Publish(1).status(), Rollback().status(),
        catalog_.GetVersion("welcome", {Kind::kPublished}, kForever).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(ReasonOf(status).reason, kTemplateDeleted);
  }
  EXPECT_OK(catalog_.GetVersion("welcome", {Kind::kNumber, 1}, kForever));
  EXPECT_OK(catalog_.Get("welcome", kForever));

  ASSERT_OK_AND_ASSIGN(const Found back, catalog_.Undelete("welcome", kForever));
  EXPECT_EQ(back.state.delete_time, std::nullopt);
  EXPECT_EQ(catalog_.Undelete("welcome", kForever)->state.revision, back.state.revision);
  EXPECT_OK(catalog_.GetVersion("welcome", {Kind::kPublished}, kForever));
}

TEST_F(CatalogTest, ReportsWhyAVersionIsMissing) {
  ASSERT_OK(Create());
  EXPECT_EQ(ReasonOf(catalog_.GetVersion("welcome", {Kind::kPublished}, kForever).status()).reason,
            kTemplateNotPublished);
  EXPECT_THAT(catalog_.GetVersion("welcome", {Kind::kNumber, 2}, kForever),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("templates/welcome/versions/2")));
  EXPECT_THAT(catalog_.GetVersion("none", {Kind::kPublished}, kForever),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("templates/none")));
  EXPECT_THAT(catalog_.ListVersions("none", 10, 10, kForever),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto page, catalog_.ListVersions("welcome", 10, 10, kForever));
  EXPECT_THAT(page.versions, ElementsAre(Field(&Version::number, 1)));
}

// Optional content of which `missing` was taken out of the HTML.
TemplateContent WithFooter(const std::string& missing = "") {
  std::string html = "<a href=\"{{unsubscribe_url}}\">Leave</a> {{postal_address}}";
  if (!missing.empty()) html.replace(html.find(missing), missing.size(), "x");
  return {.languages = {{.language_code = "en",
                         .subject = "News",
                         .html = html,
                         .text = "{{#unsubscribe_url}}{{unsubscribe_url}}{{/unsubscribe_url}} "
                                 "{{postal_address}}"}},
          .variables = {{.name = "unsubscribe_url", .type = render::VariableType::kUrl},
                        {.name = "postal_address"}},
          .unescaped_variables = {}};
}

TEST_F(CatalogTest, OptionalMailIsPublishedOnlyWithAFooter) {
  const auto create = [&](TemplateContent content, Category category, bool publish) {
    return catalog_.Create({.id = "news",
                            .category = category,
                            .display_name = "",
                            .description = "",
                            .content = std::move(content)},
                           {.request_id = "", .publish = publish}, {}, kForever);
  };
  const auto refused = create(SampleContent(), Category::kAnnouncement, true);
  EXPECT_THAT(
      refused.status(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("template.contents[0].html"), HasSubstr("template.contents[0].text"),
                     HasSubstr("{{unsubscribe_url}}"), HasSubstr("{{postal_address}}"))));
  for (const char* const missing : {"{{unsubscribe_url}}", "{{postal_address}}"}) {
    EXPECT_THAT(create(WithFooter(missing), Category::kDemo, true),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(missing)));
  }
  ASSERT_OK(create(WithFooter("{{postal_address}}"), Category::kAnnouncement, false));
  EXPECT_THAT(catalog_.Publish("news", std::nullopt, "", kForever),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("{{postal_address}}")));
  Edit edit;
  edit.languages = WithFooter("{{unsubscribe_url}}").languages;
  EXPECT_THAT(catalog_.Update("news", edit, {.etag = "", .publish = true}, {}, kForever),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("{{unsubscribe_url}}")));
  edit.languages = WithFooter().languages;
  ASSERT_OK(catalog_.Update("news", edit, {.etag = "", .publish = true}, {}, kForever));
  EXPECT_EQ(catalog_.Get("news", kForever)->state.published_version, 2);
}

}  // namespace
}  // namespace lmsmail::templates
