#include <set>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

std::vector<MessageId> PageIds(const MessageLog::Page& page) {
  std::vector<MessageId> ids;
  for (const MessageRecord& record : page.records) ids.push_back(record.mail.id);
  return ids;
}

class PgMessageListTest : public PgQueueFixture {
 protected:
  // All pages together.
  std::vector<MessageId> ListAll(const MessageFilter& filter, int page_size) {
    std::vector<MessageId> listed;
    std::optional<MessageLog::Position> after;
    do {
      const auto page = log().List(filter, after, page_size, absl::InfiniteFuture());
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const MessageId id : PageIds(*page)) listed.push_back(id);
      after = page->next;
    } while (after);
    return listed;
  }
};

TEST_F(PgMessageListTest, ListsNewestFirstInPages) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(AcceptMail("m" + std::to_string(i)));
  EXPECT_THAT(ListAll({}, 2), ElementsAreArray(ids.rbegin(), ids.rend()));
}

// Ids begin with the day of the due time and the shard, so they say little about create_time.
TEST_F(PgMessageListTest, ListsByCreateTimeWhateverTheDueTimeIs) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 12; ++i) {
    Submission mail = Send("m" + std::to_string(i));
    mail.items[0].target = {Target::Kind::kRecipient, "recipients/ada"};
    mail.due_time += absl::Hours(i % 3 == 0 ? 24 * 40 : i % 3 == 1 ? 12 : 0);
    ids.push_back(AcceptOne(mail).items[0].id);
  }
  ASSERT_FALSE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_THAT(ListAll({}, 5), ElementsAreArray(ids.rbegin(), ids.rend()));
  MessageFilter ada;
  ada.target = Target{Target::Kind::kRecipient, "recipients/ada"};
  EXPECT_THAT(ListAll(ada, 5), ElementsAreArray(ids.rbegin(), ids.rend()));
}

// Mails of one call have the same create_time: no page may lose or repeat any.
TEST_F(PgMessageListTest, PagesSplitMailOfOneTime) {
  const Accepted batch = AcceptOne(Batch("weekly", 7));
  MessageFilter by_batch;
  by_batch.batch = batch.batch;
  const std::vector<MessageId> listed = ListAll(by_batch, 3);
  EXPECT_THAT(listed, SizeIs(7));
  EXPECT_EQ(std::set<MessageId>(listed.begin(), listed.end()).size(), 7u);
}

TEST_F(PgMessageListTest, ListsByLabels) {
  Submission mail = Send("one");
  mail.labels = {{"course", "cpp-101"}, {"kind", "course"}};
  const MessageId one = AcceptOne(mail).items[0].id;
  mail = Send("other");
  mail.labels = {{"course", "rust-101"}};
  AcceptOne(mail);
  AcceptMail("none");
  Submission batch = Batch("weekly", 1);
  batch.labels = {{"course", "cpp-101"}};
  const MessageId in_batch = AcceptOne(batch).items[0].id;

  const auto with = [&](std::map<std::string, std::string> labels) {
    MessageFilter filter;
    filter.labels = std::move(labels);
    return ListAll(filter, 10);
  };
  EXPECT_THAT(with({{"course", "cpp-101"}}), ElementsAre(in_batch, one));
  EXPECT_THAT(with({{"course", "cpp-101"}, {"kind", "course"}}), ElementsAre(one));
  EXPECT_THAT(with({{"course", "it's"}}), IsEmpty());
  EXPECT_THAT(with({{"cpp-101", "kind"}}), IsEmpty()) << "a value is no key";
  EXPECT_THAT(with({{"course", "kind"}}), IsEmpty());
}

TEST_F(PgMessageListTest, AddressesAreListedWhateverTheirCase) {
  std::vector<MessageId> ids;
  for (const std::string address :
       {"Ada@students.example", "ada@students.example", "other@students.example"}) {
    Submission mail = Send(address);
    mail.items[0].target = {Target::Kind::kAddress, address};
    ids.push_back(AcceptOne(mail).items[0].id);
  }
  Submission upper = Send("upper");
  upper.items[0].target = {Target::Kind::kRecipient, "recipients/Ada"};
  const MessageId to_upper = AcceptOne(upper).items[0].id;
  MessageFilter filter;
  filter.target = Target{Target::Kind::kAddress, "ada@students.example"};
  EXPECT_THAT(ListAll(filter, 10), ElementsAre(ids[1], ids[0]));
  filter.target = Target{Target::Kind::kRecipient, "recipients/Ada"};
  EXPECT_THAT(ListAll(filter, 10), ElementsAre(to_upper));
  filter.target->value = "recipients/ada";
  EXPECT_THAT(ListAll(filter, 10), IsEmpty()) << "the case of other names matters";
}

TEST_F(PgMessageListTest, ContinuesAfterManyMailsThatDoNotMatch) {
  const MessageId wanted = AcceptMail("wanted");
  database().Execute(
      "INSERT INTO message SELECT (jsonb_populate_record(m, jsonb_build_object('msg_id', "
      "  m.msg_id + 100000 + i, 'create_time', m.create_time + i * interval '1 us', "
      "  'template_key', 'other'))).* FROM message m, generate_series(1, 10500) i");
  MessageFilter filter;
  filter.template_key = "enrollment";
  ASSERT_OK_AND_ASSIGN(const MessageLog::Page page,
                       log().List(filter, std::nullopt, 10, absl::InfiniteFuture()));
  EXPECT_THAT(page.records, IsEmpty());
  ASSERT_TRUE(page.next);
  EXPECT_THAT(ListAll(filter, 10), ElementsAre(wanted));
}

TEST_F(PgMessageListTest, ListAppliesFilters) {
  const MessageId sent = Ended("sent", Kind::kSent);
  const MessageId failed = Ended("failed", Kind::kFailed);
  const MessageId waiting = AcceptMail("waiting");
  const Accepted batch = AcceptOne(Batch("weekly", 2));
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(24 * 10);
  const MessageId scheduled = AcceptOne(later).items[0].id;

  const auto list = [&](const MessageFilter& filter) {
    auto page = log().List(filter, std::nullopt, 100, absl::InfiniteFuture());
    EXPECT_OK(page);
    return page.ok() ? PageIds(*page) : std::vector<MessageId>();
  };
  MessageFilter by_state;
  by_state.state = State::kFailed;
  EXPECT_THAT(list(by_state), ElementsAre(failed));
  by_state.state = State::kScheduled;
  EXPECT_THAT(list(by_state), ElementsAre(scheduled));
  by_state.state = State::kUncertain;
  EXPECT_THAT(list(by_state), IsEmpty());
  MessageFilter by_target;
  by_target.target = Target{Target::Kind::kRecipient, "recipients/waiting"};
  EXPECT_THAT(list(by_target), ElementsAre(waiting));
  by_target.target->kind = Target::Kind::kAddress;
  EXPECT_THAT(list(by_target), IsEmpty());
  MessageFilter by_template;
  by_template.template_key = "weekly_progress";
  EXPECT_THAT(list(by_template), SizeIs(2));
  MessageFilter by_batch;
  by_batch.batch = batch.batch;
  EXPECT_THAT(list(by_batch), SizeIs(2));
  MessageFilter by_time;
  by_time.start = Now() + absl::Hours(24);
  EXPECT_THAT(list(by_time), ElementsAre(scheduled));
  by_time.start = Now() - absl::Hours(1);
  by_time.end = Now() + absl::Hours(1);
  EXPECT_THAT(list(by_time), SizeIs(5));
  by_time.end = absl::InfiniteFuture();
  EXPECT_THAT(list(by_time), SizeIs(6));
  by_time.end = Now() + absl::Hours(1);
  by_time.state = State::kSent;
  EXPECT_THAT(list(by_time), ElementsAre(sent));
}

}  // namespace
}  // namespace lmsmail::dispatch
