#include "services/dispatch/claiming/journal_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class JournalDirectoryTest : public testing::Test {
 protected:
  static Outcome Nothing(const ClaimedMail&, const DeliveryResult&) { return {}; }
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() / "state" / "dispatch";
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
};

TEST_F(JournalDirectoryTest, ReplicasOfOneHostHaveAFileEach) {
  ASSERT_OK_AND_ASSIGN(const Journals first, OpenJournals(path_, 10));
  ASSERT_OK_AND_ASSIGN(const Journals second, OpenJournals(path_, 10));
  ASSERT_OK_AND_ASSIGN(const Journals third, OpenJournals(path_, 10));
  EXPECT_THAT(second.abandoned, IsEmpty());
  EXPECT_EQ(Files(), 3u);
}

TEST_F(JournalDirectoryTest, TellsWhetherTheDirectoryCanBeWritten) {
  EXPECT_OK(CheckStateDirectory(""));
  EXPECT_THAT(CheckStateDirectory(path_),
              StatusIs(absl::StatusCode::kUnavailable,
                       testing::AllOf(HasSubstr("worker.state_directory"), HasSubstr(path_))));
  ASSERT_OK_AND_ASSIGN(const Journals journals, OpenJournals(path_, 10));
  EXPECT_OK(CheckStateDirectory(path_));
  EXPECT_EQ(Files(), 1u);
}

// Files of this process may not grow, as on a full disk.
TEST_F(JournalDirectoryTest, TellsWhetherTheDirectoryIsFull) {
  ASSERT_OK_AND_ASSIGN(const Journals journals, OpenJournals(path_, 10));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = signal(SIGXFSZ, SIG_IGN);
  rlimit none = before;
  none.rlim_cur = 100;
  setrlimit(RLIMIT_FSIZE, &none);
  const absl::Status full = CheckStateDirectory(path_);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, ignored);
  EXPECT_THAT(full, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot write to")));
  EXPECT_EQ(Files(), 1u);
}

TEST_F(JournalDirectoryTest, RestartsUseTheSameFiles) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(Journals first, OpenJournals(path_, 10));
    first.abandoned.clear();  // replayed
    ASSERT_OK_AND_ASSIGN(const Journals second, OpenJournals(path_, 10));
  }
  EXPECT_EQ(Files(), 2u);
}

// Two replicas ended, and only one starts again: it takes the claims of both back at once.
TEST_F(JournalDirectoryTest, TheNextReplicaTakesAllThatEnded) {
  Submission submission;
  submission.request_id = "a";
  submission.template_ref = {"template", 1, Category::kProgress};
  submission.due_time = clock_.Now();
  submission.expire_time = clock_.Now() + absl::Hours(1);
  submission.items.push_back({{Target::Kind::kRecipient, "recipients/a"}, "", ""});
  ASSERT_OK(store_.Accept({submission}, absl::InfiniteFuture()));
  {
    ASSERT_OK_AND_ASSIGN(const Journals first, OpenJournals(path_, 10));
    ASSERT_OK_AND_ASSIGN(const Journals second, OpenJournals(path_, 10));
    second.own->ClaimOpened(7);
    ASSERT_OK(store_.TakeDue(7, "second", submission.lane, 10, absl::Seconds(60)));
  }
  ASSERT_EQ(store_.InFlightCount(), 1);
  ASSERT_OK_AND_ASSIGN(const Journals next, OpenJournals(path_, 10));
  ASSERT_THAT(next.abandoned, SizeIs(1));
  ASSERT_OK(next.own->Replay(store_, Nothing));
  ASSERT_OK(next.abandoned.front()->Replay(store_, Nothing));
  EXPECT_EQ(store_.InFlightCount(), 0);
}

TEST_F(JournalDirectoryTest, LeavesThoseThatRunAlone) {
  ASSERT_OK_AND_ASSIGN(const Journals running, OpenJournals(path_, 10));
  ASSERT_OK_AND_ASSIGN(const Journals next, OpenJournals(path_, 10));
  EXPECT_THAT(next.abandoned, IsEmpty());
}

TEST_F(JournalDirectoryTest, WithoutADirectoryTheJournalIsInMemory) {
  ASSERT_OK_AND_ASSIGN(const Journals journals, OpenJournals("", 10));
  EXPECT_NE(journals.own, nullptr);
}

TEST_F(JournalDirectoryTest, AnUnusableDirectoryNamesTheKeyAndTheRemedy) {
  std::ofstream(folder_.path() / "file") << "a file";
  const absl::Status status = OpenJournals(folder_.path() / "file" / "state", 10).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()), HasSubstr("worker.state_directory"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Name a directory"));
}

}  // namespace
}  // namespace lmsmail::dispatch
