#include "services/template/storage/template_store_contract.h"

#include <limits>

namespace lmsmail::templates {
namespace {

TEST_P(TemplateStoreContract, ReturnsTheCreatedTemplate) {
  MustCreate(First("welcome"));
  ASSERT_OK_AND_ASSIGN(const Found found, store_->Find("welcome", {Kind::kLatest}, kForever));
  EXPECT_EQ(found.state.id, "welcome");
  EXPECT_EQ(found.state.category, Category::kContent);
  EXPECT_EQ(found.state.display_name, "Näme");
  EXPECT_EQ(found.state.description, "When it is sent");
  EXPECT_EQ(found.state.revision, 1);
  EXPECT_EQ(found.state.create_time, now_);
  EXPECT_EQ(found.state.update_time, now_);
  EXPECT_EQ(found.state.delete_time, std::nullopt);
  EXPECT_EQ(found.state.published_version, 0);
  ASSERT_TRUE(found.version);
  EXPECT_EQ(found.version->number, 1);
  EXPECT_EQ(found.version->content, SampleContent());
  EXPECT_EQ(found.version->digest, DigestOf(SampleContent()));
  EXPECT_TRUE(found.version->built_in);
  EXPECT_EQ(found.version->create_time, now_);
}

TEST_P(TemplateStoreContract, ReturnsNotFoundForUnknownTemplate) {
  EXPECT_THAT(store_->Find("none", {Kind::kLatest}, kForever),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->GetPublication("none", 1, kForever), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->HasContent("none", "", kForever), IsOkAndHolds(false));
  EXPECT_THAT(store_->ListVersions("none", 10, 10, kForever), IsOkAndHolds(::testing::IsEmpty()));
}

TEST_P(TemplateStoreContract, FindsTheSelectedVersion) {
  MustCreate(First("welcome"));
  const auto number = [&](VersionSelector which) {
    const auto found = store_->Find("welcome", which, kForever);
    return found.ok() && found->version ? found->version->number : 0;
  };
  EXPECT_EQ(number({Kind::kPublished}), 0);
  EXPECT_EQ(number({Kind::kShown}), 1);
  EXPECT_EQ(number({Kind::kNumber, 2}), 0);

  ASSERT_OK(store_->Update(Next(First("welcome").state, "second"), kForever));
  ASSERT_OK_AND_ASSIGN(const Found second, store_->Find("welcome", {Kind::kLatest}, kForever));
  Change draft = Next(second.state, "third");
  draft.state.published_version = 2;
  draft.state.publication = 1;
  draft.publication.reset();
  ASSERT_OK(store_->Update(draft, kForever));
  EXPECT_EQ(number({Kind::kPublished}), 2);
  EXPECT_EQ(number({Kind::kShown}), 2);
  EXPECT_EQ(number({Kind::kLatest}), 3);
  EXPECT_EQ(number({Kind::kNumber, 1}), 1);
}

TEST_P(TemplateStoreContract, StoresNothingForAnExistingId) {
  MustCreate(First("welcome"));
  const IdempotencyRecord record{"request", 7, "welcome", now_};
  EXPECT_THAT(store_->Create(First("welcome"), record, kForever),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store_->FindRecord("request", kForever), IsOkAndHolds(std::nullopt));
}

TEST_P(TemplateStoreContract, StoresNothingForAnExistingRequestId) {
  ASSERT_OK(store_->Create(First("a"), IdempotencyRecord{"request", 7, "a", now_}, kForever));
  EXPECT_THAT(store_->Create(First("b"), IdempotencyRecord{"request", 8, "b", now_}, kForever),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store_->Find("b", {Kind::kLatest}, kForever), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto record, store_->FindRecord("request", kForever));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->digest, 7);
  EXPECT_EQ(record->template_id, "a");
}

TEST_P(TemplateStoreContract, DeletesOldRecords) {
  ASSERT_OK(store_->Create(First("a"), IdempotencyRecord{"old", 1, "a", now_}, kForever));
  ASSERT_OK(store_->Create(First("b"), IdempotencyRecord{"new", 2, "b", now_ + absl::Hours(1)},
                           kForever));
  EXPECT_THAT(store_->DeleteRecordsBefore(now_ + absl::Seconds(1), kForever), IsOkAndHolds(1));
  EXPECT_THAT(store_->FindRecord("old", kForever), IsOkAndHolds(std::nullopt));
  ASSERT_OK_AND_ASSIGN(const auto kept, store_->FindRecord("new", kForever));
  EXPECT_TRUE(kept);
}

TEST_P(TemplateStoreContract, StoresNothingForAnOutdatedRevision) {
  MustCreate(First("welcome"));
  const Template state = First("welcome").state;
  ASSERT_OK(store_->Update(Next(state, "mine"), kForever));
  EXPECT_THAT(store_->Update(Next(state, "theirs"), kForever),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(store_->HasContent("welcome", DigestOf(SampleContent("mine")), kForever),
              IsOkAndHolds(true));
  EXPECT_THAT(store_->HasContent("welcome", DigestOf(SampleContent("theirs")), kForever),
              IsOkAndHolds(false));
  EXPECT_THAT(store_->Update(Next(First("none").state, "x"), kForever),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_P(TemplateStoreContract, StoresPublications) {
  MustCreate(First("welcome"));
  Change change = Next(First("welcome").state, "second");
  ASSERT_OK(store_->Update(change, kForever));
  change = Next(change.state, "third");
  ASSERT_OK(store_->Update(change, kForever));
  ASSERT_OK_AND_ASSIGN(const Publication last, store_->GetPublication("welcome", 2, kForever));
  EXPECT_EQ(last.number, 2);
  EXPECT_EQ(last.version, 3);
  EXPECT_EQ(last.previous, 1);
  EXPECT_EQ(last.publish_time, now_);
  EXPECT_THAT(store_->GetPublication("welcome", 3, kForever),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(TemplateStoreContract, StoresTheDeletion) {
  MustCreate(First("welcome"));
  Change change{.state = First("welcome").state};
  ++change.state.revision;
  change.state.delete_time = now_;
  ASSERT_OK(store_->Update(change, kForever));
  ASSERT_OK_AND_ASSIGN(const Found found, store_->Find("welcome", {Kind::kShown}, kForever));
  EXPECT_EQ(found.state.delete_time, now_);
  EXPECT_TRUE(found.version);
}

TEST_P(TemplateStoreContract, ListsById) {
  for (const char* id : {"c", "a-b", "a", "a_b", "b"}) MustCreate(First(id));
  MustCreate(First("demo", Category::kDemo));
  Change removed{.state = First("b").state};
  ++removed.state.revision;
  removed.state.delete_time = now_;
  ASSERT_OK(store_->Update(removed, kForever));

  using ::testing::ElementsAre;
  const ListQuery all{.after_id = "", .limit = 10, .category = {}, .show_deleted = false};
  EXPECT_THAT(Ids(all), ElementsAre("a", "a-b", "a_b", "c", "demo"));
  ListQuery query = all;
  query.show_deleted = true;
  EXPECT_THAT(Ids(query), ElementsAre("a", "a-b", "a_b", "b", "c", "demo"));
  query.category = Category::kDemo;
  EXPECT_THAT(Ids(query), ElementsAre("demo"));
  query = all;
  query.after_id = "a-b";
  query.limit = 2;
  EXPECT_THAT(Ids(query), ElementsAre("a_b", "c"));
}

TEST_P(TemplateStoreContract, ListsVersionsNewestFirst) {
  MustCreate(First("welcome"));
  Change change = Next(First("welcome").state, "second");
  ASSERT_OK(store_->Update(change, kForever));
  ASSERT_OK(store_->Update(Next(change.state, "third"), kForever));
  const auto numbers = [&](int below, int limit) {
    std::vector<int> out;
    const auto versions = store_->ListVersions("welcome", below, limit, kForever);
    EXPECT_OK(versions);
    for (const Version& version : versions.value_or(std::vector<Version>{})) {
      out.push_back(version.number);
    }
    return out;
  };
  EXPECT_THAT(numbers(std::numeric_limits<int>::max(), 10), ::testing::ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers(3, 1), ::testing::ElementsAre(2));
}

}  // namespace
}  // namespace lmsmail::templates
