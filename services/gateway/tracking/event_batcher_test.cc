#include "services/gateway/tracking/event_batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/synchronization/notification.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FakeEventLog final : public EventLog {
 public:
  absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> events) override {
    if (!status.ok()) return status;
    for (const ProviderEvent& event : events) recorded.push_back(event.event_id);
    batches.push_back(events.size());
    return Counts{.recorded = static_cast<int>(events.size())};
  }
  absl::Status status;
  std::vector<std::string> recorded;
  std::vector<std::size_t> batches;
};

class EventBatcherTest : public ::testing::Test {
 protected:
  void Add(std::string id) {
    ProviderEvent event;
    event.event_id = id;
    batcher_.Add(std::move(event), [this, id] { answered_.push_back(id); });
  }
  double Counted(const std::string& result) {
    return metrics_.AddCounter("lmsmail_tracking_events_total", "")
        .With({{"result", result}})
        .value();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  telemetry::Metrics metrics_{{"gateway", "test"}};
  FakeEventLog log_;
  EventBatcher batcher_{
      log_, clock_, metrics_, {.queue = 5, .batch = 3, .answer_within = absl::Milliseconds(300)}};
  std::vector<std::string> answered_;
};

TEST_F(EventBatcherTest, AnswersWhenABatchIsDurable) {
  for (const char* id : {"a", "b", "c", "d"}) Add(id);
  EXPECT_THAT(answered_, IsEmpty());
  EXPECT_TRUE(batcher_.RecordBatch());
  EXPECT_THAT(answered_, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(batcher_.RecordBatch());
  EXPECT_FALSE(batcher_.RecordBatch());
  EXPECT_THAT(answered_, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(log_.batches, ElementsAre(3, 1));
  EXPECT_EQ(Counted("recorded"), 4);
}

TEST_F(EventBatcherTest, NobodyWaitsLongForADispatchThatHangs) {
  Add("a");
  clock_.Advance(absl::Milliseconds(200));
  Add("b");
  batcher_.AnswerOverdue();
  EXPECT_THAT(answered_, IsEmpty());
  clock_.Advance(absl::Milliseconds(100));
  batcher_.AnswerOverdue();
  EXPECT_THAT(answered_, ElementsAre("a"));
  Add("c");
  EXPECT_THAT(answered_, ElementsAre("a", "c")) << "nothing gets faster by waiting";
  EXPECT_TRUE(batcher_.RecordBatch());
  EXPECT_THAT(log_.recorded, ElementsAre("a", "b", "c"));
  EXPECT_THAT(answered_, ElementsAre("a", "c", "b"));
  Add("d");
  EXPECT_THAT(answered_, SizeIs(3)) << "the outage is over";
}

TEST_F(EventBatcherTest, KeepsEventsDuringAnOutageAsLongAsThereIsRoom) {
  log_.status = absl::UnavailableError("down");
  Add("a");
  EXPECT_FALSE(batcher_.RecordBatch());
  for (const char* id : {"b", "c", "d", "e", "f", "g"}) Add(id);
  EXPECT_THAT(answered_, ElementsAre("a", "b", "c", "d", "e", "f", "g"));
  EXPECT_EQ(Counted("dropped"), 2);
  log_.status = absl::OkStatus();
  while (batcher_.RecordBatch()) {
  }
  EXPECT_THAT(log_.recorded, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(EventBatcherTest, DropsWhatCannotBeRecorded) {
  log_.status = absl::InvalidArgumentError("a bug");
  Add("a");
  EXPECT_FALSE(batcher_.RecordBatch());
  EXPECT_THAT(answered_, ElementsAre("a"));
  EXPECT_EQ(Counted("dropped"), 1);
  log_.status = absl::OkStatus();
  Add("b");
  EXPECT_TRUE(batcher_.RecordBatch());
  EXPECT_THAT(log_.recorded, ElementsAre("b"));
}

TEST_F(EventBatcherTest, RecordsTheRestAtTheEnd) {
  absl::Notification first;
  ProviderEvent event;
  event.event_id = "first";
  batcher_.Start();
  batcher_.Add(event, [&first] { first.Notify(); });
  EXPECT_TRUE(first.WaitForNotificationWithTimeout(absl::Seconds(10)));
  event.event_id = "last";
  batcher_.Add(event, [] {});
  batcher_.Stop();
  EXPECT_THAT(log_.recorded, ElementsAre("first", "last"));
  bool answered = false;
  batcher_.Add(event, [&answered] { answered = true; });
  EXPECT_TRUE(answered);
}

TEST_F(EventBatcherTest, AnswersWhoWaitsAtTheEndOfAnOutage) {
  Add("a");
  batcher_.Stop();
  EXPECT_THAT(answered_, ElementsAre("a"));
  EXPECT_EQ(Counted("dropped"), 1);
}

TEST_F(EventBatcherTest, TheEventsOfOneMailStayInOrder) {
  EventBatchers batchers(log_, clock_, metrics_, 1, {});
  batchers.Start();
  std::vector<std::string> added;
  for (int i = 0; i < 100; ++i) {
    ProviderEvent event;
    event.event_id = std::to_string(i);
    event.message = "messages/a";
    added.push_back(event.event_id);
    batchers.Add(std::move(event), [] {});
  }
  batchers.Stop();
  EXPECT_EQ(log_.recorded, added);
}

}  // namespace
}  // namespace lmsmail::gateway
