#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/submission/submitter.h"
#include "services/dispatch/testing/submitter_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using SubmitterBatchTest = SubmitterFixture;

TEST_F(SubmitterBatchTest, RepeatedBatchReturnsTheFirstResultAfterChanges) {
  MailHeader header = Header("batch/1");
  header.expire_time = clock_.Now() + absl::Hours(1);
  const std::vector<MailItem> items = {To("recipients/a"), To("recipients/b")};
  ASSERT_OK_AND_ASSIGN(const BatchResult first,
                       submitter_.SendBatch(header, items, 1, {}, absl::InfiniteFuture()));
  clock_.Advance(absl::Hours(2));
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "New", "{{more}}",
                     {{.name = "more", .required = true}});
  ASSERT_OK_AND_ASSIGN(const BatchResult again,
                       submitter_.SendBatch(header, items, 1, {}, absl::InfiniteFuture()));
  EXPECT_EQ(again.batch, first.batch);
  ASSERT_THAT(again.items, SizeIs(2));
  EXPECT_EQ(again.items[1].id, first.items[1].id);
  EXPECT_THAT(submitter_.SendBatch(header, items, 2, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(header, {}, absl::InfiniteFuture()));
  EXPECT_OK(bulk.Add(items, 1, absl::InfiniteFuture()));
  EXPECT_OK(bulk.Finish());
}

TEST_F(SubmitterBatchTest, BatchRefusesInvalidItemsOnly) {
  MailItem keyed = To("recipients/b");
  keyed.dedupe_key = "weekly/b";
  const std::vector<MailItem> items = {To("recipients/a"), MailItem{}, keyed, ToAddress("nonsense"),
                                       keyed};
  ASSERT_OK_AND_ASSIGN(const BatchResult result, submitter_.SendBatch(Header("batch/1"), items, 1,
                                                                      {}, absl::InfiniteFuture()));
  EXPECT_NE(result.batch, 0);
  ASSERT_THAT(result.items, SizeIs(5));
  EXPECT_OK(result.items[0].status);
  EXPECT_THAT(FieldsOf(result.items[1].status), ElementsAre("items[1].target"));
  EXPECT_OK(result.items[2].status);
  EXPECT_THAT(FieldsOf(result.items[3].status), ElementsAre("items[3].target.email_address"));
  EXPECT_TRUE(result.items[4].duplicate);
  EXPECT_EQ(result.items[4].id, result.items[2].id);
  EXPECT_EQ(Due(), 2);

  ASSERT_OK_AND_ASSIGN(const BatchResult again, submitter_.SendBatch(Header("batch/1"), items, 1,
                                                                     {}, absl::InfiniteFuture()));
  EXPECT_EQ(again.batch, result.batch);
  EXPECT_EQ(again.items[0].id, result.items[0].id);
  EXPECT_EQ(Due(), 2);
}

TEST_F(SubmitterBatchTest, BatchWithoutValidItemsStoresNothing) {
  ASSERT_OK_AND_ASSIGN(
      const BatchResult result,
      submitter_.SendBatch(Header(), std::vector<MailItem>(2), 1, {}, absl::InfiniteFuture()));
  EXPECT_EQ(result.batch, 0);
  EXPECT_EQ(Due(), 0);
  EXPECT_THAT(FieldsOf(submitter_.SendBatch(Header(), {}, 1, {}, absl::InfiniteFuture()).status()),
              ElementsAre("items"));
  EXPECT_THAT(
      FieldsOf(
          submitter_.SendBatch(Header(), std::vector<MailItem>(1001), 1, {}, absl::InfiniteFuture())
              .status()),
      ElementsAre("items"));
}

TEST_F(SubmitterBatchTest, BulkStreamStoresChunksAndIsIdempotent) {
  const std::vector<MailItem> one = {To("recipients/a"), To("recipients/b")};
  const std::vector<MailItem> two = {To("recipients/c")};
  {
    ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                         submitter_.OpenBulk(Header("bulk/1"), {}, absl::InfiniteFuture()));
    ASSERT_OK(bulk.Add(one, 1, absl::InfiniteFuture()));  // then the stream breaks
  }
  EXPECT_EQ(Due(), 2);
  templates_.Publish({"enrollment", 2, Category::kEnrollment}, "New", "New content");
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(Header("bulk/1"), {}, absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const BatchResult none, bulk.Add(one, 1, absl::InfiniteFuture()));
  EXPECT_THAT(none.items, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const BatchResult first, bulk.Add(two, 2, absl::InfiniteFuture()));
  EXPECT_TRUE(first.items[0].duplicate);
  EXPECT_THAT(bulk.Add({}, 3, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const BatchResult second, bulk.Finish());
  EXPECT_EQ(first.batch, second.batch);
  EXPECT_FALSE(second.items[0].duplicate);
  EXPECT_EQ(Due(), 3);
  const MessageRecord last = store_.Get(second.items[0].id);
  EXPECT_EQ(last.mail.template_ref.version, 1);
}

TEST_F(SubmitterBatchTest, BulkStreamReturnsTheErrorOfThePreviousChunk) {
  ASSERT_OK(Send(Header("bulk/2"), To(), 1));
  ASSERT_OK_AND_ASSIGN(Submitter::Bulk bulk,
                       submitter_.OpenBulk(Header("bulk/2"), {}, absl::InfiniteFuture()));
  ASSERT_OK(bulk.Add({To()}, 2, absl::InfiniteFuture()));
  EXPECT_THAT(bulk.Add({To()}, 3, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

}  // namespace
}  // namespace lmsmail::dispatch
