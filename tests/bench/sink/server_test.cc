#include "tests/bench/sink/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/smtp/client.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "tests/bench/sink/listener.h"

namespace lmsmail::sink {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A control connection.
class Control {
 public:
  explicit Control(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&in), sizeof in), 0);
  }

  std::string Ask(std::string command) {
    command += "\n";
    EXPECT_EQ(::write(socket_.get(), command.data(), command.size()),
              static_cast<ssize_t>(command.size()));
    std::string line;
    for (char c; ::read(socket_.get(), &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

 private:
  Descriptor socket_;
};

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    ASSERT_OK_AND_ASSIGN(server_, Server::Create(options));
    thread_ = std::thread([this] { server_->Run(); });
    smtp::Options client;
    client.host = "127.0.0.1";
    client.port = server_->port();
    client.ehlo_name = "client.test";
    client.max_connections = 2;
    ASSERT_OK_AND_ASSIGN(client_, smtp::Client::Create(client));
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    client_.reset();
    server_->Stop();
    thread_.join();
  }

  smtp::Result Send(std::string_view recipient, std::string_view id) {
    smtp::Mail mail;
    mail.envelope_from = "school@lms.test";
    mail.recipient = recipient;
    mail.message = fmt::format("Message-ID: <{}>\r\nSubject: Hello\r\n\r\nbody\r\n", id);
    smtp::Result result;
    absl::Notification done;
    EXPECT_TRUE(client_->TrySend(std::move(mail), [&](smtp::Result answer) {
      result = std::move(answer);
      done.Notify();
    }));
    done.WaitForNotification();
    return result;
  }

  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::unique_ptr<smtp::Client> client_;
};

TEST_F(ServerTest, CountsAndTellsDuplicatesApart) {
  Start();
  Control control(server_->control_port());
  for (const char* id : {"1@lms", "2@lms", "1@lms"}) {
    EXPECT_EQ(Send("a@x.test", id).kind, smtp::Result::Kind::kAccepted);
  }
  EXPECT_THAT(control.Ask("stats"), HasSubstr(R"("accepted":3,"duplicates":1,"without_id":0)"));
  EXPECT_EQ(control.Ask("reset"), R"({"ok":true})");
  EXPECT_EQ(Send("a@x.test", "1@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_THAT(control.Ask("stats"), HasSubstr(R"("accepted":1,"duplicates":0)"));
}

TEST_F(ServerTest, MisbehavesAsTold) {
  Start({.faults = {"550 domain=gone.test"}});
  Control control(server_->control_port());
  EXPECT_EQ(Send("a@gone.test", "1@lms").code, 550);

  EXPECT_EQ(control.Ask("fault 450 limit=1"), R"({"ok":true})");
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kRejectedTemporary);
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kAccepted);

  EXPECT_EQ(control.Ask("fault cut-after-dot domain=lost.test"), R"({"ok":true})");
  EXPECT_EQ(Send("a@lost.test", "3@lms").kind, smtp::Result::Kind::kAmbiguous);

  EXPECT_EQ(control.Ask("faults off"), R"({"ok":true})");
  EXPECT_EQ(Send("a@gone.test", "4@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_EQ(Send("a@lost.test", "5@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_THAT(control.Ask("fault 999"), HasSubstr(R"("error":"\"999\" is no fault)"));
  EXPECT_THAT(control.Ask("dance"), HasSubstr("error"));
}

TEST_F(ServerTest, ADelayedAnswerComes) {
  Start({.faults = {"delay ms=30 limit=1"}});
  const absl::Time start = absl::Now();
  EXPECT_EQ(Send("a@x.test", "1@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(30));
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kAccepted);
}

TEST_F(ServerTest, TheLedgerHasEveryMailBeforeItsAnswer) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "ledger";
  Start({.faults = {"cut-after-dot domain=lost.test"},
         .ledger = path,
         .ledger_domain = "probe.test"});
  EXPECT_EQ(Send("a@probe.test", "1@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_EQ(Send("a@other.test", "2@lms").kind, smtp::Result::Kind::kAccepted);
  std::ifstream file(path);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(content, MatchesRegex("[0-9]{16} 250 1@lms a@probe.test\n"));
}

TEST_F(ServerTest, TheLedgerTellsWhatWasNotAnswered) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "ledger";
  Start({.faults = {"cut-after-dot"}, .ledger = path});
  EXPECT_EQ(Send("a@x.test", "1@lms").kind, smtp::Result::Kind::kAmbiguous);
  std::ifstream file(path);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(content, MatchesRegex("[0-9]{16} unanswered 1@lms a@x.test\n"));
}

TEST(ServerOptionsTest, FaultyRulesAndPathsAreRefused) {
  EXPECT_THAT(Server::Create({.faults = {"tired"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tired")));
  EXPECT_THAT(Server::Create({.ledger = "/nonexistent/ledger"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/ledger")));
}

}  // namespace
}  // namespace lmsmail::sink
