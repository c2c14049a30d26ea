#include "services/dispatch/transports/provider_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/dispatch/testing/provider_mail.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProviderQueueTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, const std::string& text = "hello") {
    PendingMail pending;
    pending.mail.mail = MailTo(name);
    pending.mail.content.body = std::make_shared<SharedBody>(SharedBody{.text = text, .html = ""});
    queue_.Add(std::move(pending), now_);
  }
  // The recipients of the next group.
  std::vector<std::string> Take() {
    std::vector<std::string> names;
    if (const auto group = queue_.Take(now_)) {
      for (const PendingMail& it : *group) names.push_back(it.mail.mail.parts->recipient_name);
    }
    return names;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  ProviderQueue queue_{3, absl::Milliseconds(20)};
};

TEST_F(ProviderQueueTest, GathersMailsWithTheSameContent) {
  Add("ann");
  Add("bob", "other");
  Add("cid");
  EXPECT_THAT(Take(), IsEmpty()) << "others may follow";
  EXPECT_EQ(queue_.ready_time(), now_ + absl::Milliseconds(20));
  now_ += absl::Milliseconds(20);
  EXPECT_THAT(Take(), ElementsAre("ann", "cid"));
  EXPECT_THAT(Take(), ElementsAre("bob"));
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.ready_time(), absl::InfiniteFuture());
}

TEST_F(ProviderQueueTest, MailsOfAGroupHaveOneBody) {
  Add("ann");
  Add("bob");
  const MailGroup group = queue_.TakeAll();
  ASSERT_EQ(group.size(), 2u);
  EXPECT_EQ(group[0].mail.content.body, group[1].mail.content.body);
}

TEST_F(ProviderQueueTest, AFullGroupIsReadyAtOnce) {
  for (const char* name : {"ann", "bob", "cid", "dan"}) Add(name);
  EXPECT_THAT(Take(), ElementsAre("ann", "bob", "cid"));
  EXPECT_THAT(Take(), IsEmpty());
  now_ += absl::Milliseconds(20);
  EXPECT_THAT(Take(), ElementsAre("dan"));
}

TEST_F(ProviderQueueTest, AnAddressIsInAGroupOnce) {
  Add("ann");
  Add("bob");
  Add("ANN");
  now_ += absl::Milliseconds(20);
  EXPECT_THAT(Take(), ElementsAre("ann", "bob"));
  EXPECT_THAT(Take(), ElementsAre("ANN"));
}

TEST_F(ProviderQueueTest, AReturnedGroupIsSentFirstAndAsItIs) {
  Add("ann");
  Add("bob");
  now_ += absl::Milliseconds(20);
  auto group = queue_.Take(now_);
  ASSERT_TRUE(group);
  Add("cid");
  queue_.Return(*std::move(group));
  EXPECT_EQ(queue_.size(), 3u);
  EXPECT_THAT(Take(), ElementsAre("ann", "bob"));
  EXPECT_EQ(queue_.TakeAll().size(), 1u);
  EXPECT_EQ(queue_.size(), 0u);
}

}  // namespace
}  // namespace lmsmail::dispatch
