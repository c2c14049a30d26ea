// A mail server dies while it takes mail, and returns. Another one takes the mail meanwhile.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "libs/status/status_macros.h"
#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace pb = dispatch::v1;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kMails = 2000;

// An SMTP server that lists what it accepts in a ledger, also when it dies.
class Sink {
 public:
  // Each reply to a message takes `delay_ms`.
  Sink(const TemporaryFolder& folder, const std::string& name, int delay_ms)
      : delay_ms_(delay_ms),
        log_(folder.path() / (name + ".log")),
        ledger_(folder.path() / (name + ".ledger")) {}

  absl::Status Start() {
    LMSMAIL_ASSIGN_OR_RETURN(Process process,
                             Process::Start({LMSMAIL_BINARIES "/lmsmail-sink",
                                             fmt::format("--listen=127.0.0.1:{}", port_),
                                             fmt::format("--ledger={}", ledger_.string()),
                                             fmt::format("--faults=delay ms={}", delay_ms_)},
                                            log_));
    process_ = std::make_unique<Process>(std::move(process));
    LMSMAIL_ASSIGN_OR_RETURN(const std::string line, process_->WaitForLine("\"port\""));
    LMSMAIL_ASSIGN_OR_RETURN(port_, NumberIn(line, "port"));
    return absl::OkStatus();
  }
  absl::Status Kill() {
    process_->Signal(SIGKILL);
    return process_->WaitForExit(absl::Seconds(10)).status();
  }
  int port() const { return port_; }

  // How often it accepted mail to each recipient.
  std::map<std::string, int> Accepted() const {
    std::map<std::string, int> accepted;
    std::ifstream file(ledger_);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string time;
      std::string reply;
      std::string id;
      std::string recipient;
      if (words >> time >> reply >> id >> recipient) ++accepted[recipient];
    }
    return accepted;
  }
  std::size_t Count() const { return Accepted().size(); }

 private:
  const int delay_ms_;
  const std::filesystem::path log_;
  const std::filesystem::path ledger_;
  int port_ = 0;  // 0: any
  std::unique_ptr<Process> process_;
};

class FailoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(first_.Start());
    ASSERT_OK(second_.Start());
    Suite::Options options;
    options.services = {"template", "preference", "dispatch"};
    options.install_templates = false;
    options.flags["dispatch"] = {"--routes.all.transports=first,second=0"};
    AddTransport("first", first_.port(), options);
    AddTransport("second", second_.port(), options);
    ASSERT_OK_AND_ASSIGN(suite_, Suite::Start(std::move(options)));
    ASSERT_OK(CreateGreeting(*suite_, "receipt", type::v1::CATEGORY_PAYMENT));
    ASSERT_OK(CreateGreeting(*suite_, "news", type::v1::CATEGORY_ANNOUNCEMENT));
  }
  static void AddTransport(std::string_view name, int port, Suite::Options& options) {
    std::vector<std::string>& flags = options.flags["dispatch"];
    const auto add = [&](std::string_view key, std::string_view value) {
      flags.push_back(fmt::format("--transports.{}.{}={}", name, key, value));
    };
    add("kind", "smtp");
    add("host", "127.0.0.1");
    add("port", std::to_string(port));
    add("tls", "none");
    add("from", "school@learn.example");
  }

  // Kills the first server while it takes a batch. Returns when the second takes mail.
  void KillAmidBatch(std::string_view template_id) {
    ASSERT_OK(GreetMany(*suite_, template_id, "a", kMails / 2));
    ASSERT_OK(GreetMany(*suite_, template_id, "b", kMails / 2));
    ASSERT_OK(WaitUntil("the first server takes mail", [&] { return first_.Count() >= 100; }));
    EXPECT_THAT(second_.Accepted(), IsEmpty()) << "it is the last resort";
    ASSERT_OK(first_.Kill());
    EXPECT_OK(WaitUntil(
        "the second server takes mail", [&] { return second_.Count() > 0; }, absl::Seconds(10)));
  }
  // The states of the batch's mails that were not sent, by address.
  std::map<std::string, pb::State> Unsent() {
    std::map<std::string, pb::State> unsent;
    pb::ListMessagesRequest list;
    list.set_page_size(1000);
    const auto messages = ListMessages(suite_->dispatch(), list);
    EXPECT_OK(messages);
    for (const pb::Message& message : *messages) {
      if (message.state() == pb::STATE_SENT) continue;
      unsent[message.target().email_address()] = message.state();
    }
    return unsent;
  }
  pb::Transport Find(std::string_view name) {
    const auto list =
        Call(suite_->dispatch(), &Dispatch::ListTransports, pb::ListTransportsRequest());
    EXPECT_OK(list);
    for (const pb::Transport& transport : list->transports()) {
      if (transport.name() == name) return transport;
    }
    return {};
  }
  void ExpectNewMailGoesToTheFirst() {
    ASSERT_OK(WaitUntil(
        "the first server is reachable",
        [&] {
          static int batch = 0;
          EXPECT_OK(GreetMany(*suite_, "news", fmt::format("probe{}", ++batch), 1));
          absl::SleepFor(absl::Milliseconds(200));
          return Find("first").state() == pb::Transport::STATE_AVAILABLE;
        },
        absl::Minutes(1)));
    const std::size_t before = first_.Count();
    const std::size_t second = second_.Count();
    ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
    ASSERT_OK(GreetMany(*suite_, "news", "later", 100));
    ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
    EXPECT_GE(first_.Count(), before + 100);
    EXPECT_LE(second_.Count(), second + 1);
  }

  TemporaryFolder folder_;
  Sink first_{folder_, "first", 10};
  Sink second_{folder_, "second", 1};
  std::unique_ptr<Suite> suite_;
};

TEST_F(FailoverTest, MailGoesOnByTheNextServerAndNoneIsLostOrSentTwice) {
  KillAmidBatch("news");
  ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
  const pb::Transport down = Find("first");
  EXPECT_EQ(down.state(), pb::Transport::STATE_UNREACHABLE);
  EXPECT_EQ(down.cause(), "refused");
  EXPECT_THAT(down.remedy(), HasSubstr("whether the mail server runs"));
  EXPECT_THAT(down.last_error(), HasSubstr("refused"));

  const std::map<std::string, int> first = first_.Accepted();
  const std::map<std::string, int> second = second_.Accepted();
  const std::map<std::string, pb::State> unsent = Unsent();
  for (const auto& [address, state] : unsent) {
    EXPECT_EQ(state, pb::STATE_UNCERTAIN) << address;
    EXPECT_FALSE(second.contains(address)) << address << " may have arrived through the first";
  }
  EXPECT_LE(unsent.size(), 8u) << "more than one mail for each connection";
  std::set<std::string> arrived;
  for (const auto& [address, count] : first) {
    EXPECT_EQ(count + static_cast<int>(second.contains(address)), 1) << address;
    arrived.insert(address);
  }
  for (const auto& [address, count] : second) arrived.insert(address);
  for (const auto& [address, state] : unsent) arrived.insert(address);
  EXPECT_EQ(arrived.size(), kMails);
  fmt::print("{} by the first, {} by the second, {} uncertain\n", first.size(), second.size(),
             unsent.size());

  ASSERT_OK(first_.Start());
  ExpectNewMailGoesToTheFirst();
}

TEST_F(FailoverTest, AReceiptThatMayHaveArrivedWaitsForItsServer) {
  KillAmidBatch("receipt");
  std::map<std::string, pb::State> waiting;
  ASSERT_OK(WaitUntil("only uncertain mail is left", [&] {
    waiting = Unsent();
    return waiting.size() <= 8;
  }));
  absl::SleepFor(absl::Seconds(2));  // several times the longest backoff
  const std::map<std::string, pb::State> left = Unsent();
  for (const auto& [address, state] : left)
    EXPECT_TRUE(state == pb::STATE_QUEUED || state == pb::STATE_SENDING) << address << state;
  EXPECT_FALSE(left.empty()) << "the server was killed between mails, so this test shows little";
  ASSERT_OK(first_.Start());
  ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch(), absl::Minutes(1)));
  EXPECT_THAT(Unsent(), IsEmpty());

  const std::map<std::string, int> first = first_.Accepted();
  const std::map<std::string, int> second = second_.Accepted();
  std::set<std::string> arrived;
  int doubles = 0;
  for (const auto& [address, count] : first) {
    arrived.insert(address);
    EXPECT_FALSE(second.contains(address)) << address;
    if (count == 1) continue;
    ++doubles;
    EXPECT_TRUE(left.contains(address)) << address << " was sent twice without need";
  }
  for (const auto& [address, count] : second) arrived.insert(address);
  EXPECT_EQ(arrived.size(), kMails);
  fmt::print("{} by the first, {} by the second, {} sent again, {} of them twice\n", first.size(),
             second.size(), left.size(), doubles);
}

}  // namespace
}  // namespace lmsmail::integration
