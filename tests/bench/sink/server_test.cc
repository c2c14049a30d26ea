#include "tests/bench/sink/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/smtp/client.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::sink {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

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
    EXPECT_TRUE(client_->TrySend(std::move(mail), [&](smtp::Result sent) {
      result = std::move(sent);
      done.Notify();
    }));
    done.WaitForNotification();
    return result;
  }

  // Sends a command to the control port.
  std::string Control(std::string_view command) {
    boost::asio::ip::tcp::iostream stream("127.0.0.1", std::to_string(server_->control_port()));
    stream << command << '\n' << std::flush;
    std::string response;
    std::getline(stream, response);
    return response;
  }

  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::unique_ptr<smtp::Client> client_;
};

TEST_F(ServerTest, CountsMailsAndDuplicates) {
  Start();
  for (const char* id : {"1@lms", "2@lms", "1@lms"}) {
    EXPECT_EQ(Send("a@x.test", id).kind, smtp::Result::Kind::kAccepted);
  }
  EXPECT_THAT(Control("stats"), HasSubstr(R"("accepted":3,"duplicates":1,"without_id":0)"));
}

TEST_F(ServerTest, AppliesConfiguredAndAddedFaults) {
  Start({.faults = {"550 domain=gone.test"}});
  EXPECT_EQ(Send("a@gone.test", "1@lms").code, 550);

  EXPECT_EQ(Control("fault 450 limit=1"), R"({"ok":true})");
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kRejectedTemporary);
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kAccepted);

  EXPECT_EQ(Control("fault cut-after-dot domain=lost.test"), R"({"ok":true})");
  EXPECT_EQ(Send("a@lost.test", "3@lms").kind, smtp::Result::Kind::kAmbiguous);

  EXPECT_EQ(Control("faults off"), R"({"ok":true})");
  EXPECT_EQ(Send("a@gone.test", "4@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_EQ(Send("a@lost.test", "5@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_THAT(Control("fault 999"), HasSubstr(R"("error":"\"999\" is not a fault)"));
  EXPECT_THAT(Control("unknown"), HasSubstr("error"));
}

TEST_F(ServerTest, DelaysReply) {
  Start({.faults = {"delay ms=30 limit=1"}});
  const absl::Time start = absl::Now();
  EXPECT_EQ(Send("a@x.test", "1@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(30));
  EXPECT_EQ(Send("a@x.test", "2@lms").kind, smtp::Result::Kind::kAccepted);
}

TEST_F(ServerTest, WritesLedgerBeforeReply) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "ledger";
  Start({.faults = {"cut-after-dot domain=lost.test"},
         .ledger = path,
         .ledger_domain = "probe.test"});
  EXPECT_EQ(Send("a@probe.test", "1@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_EQ(Send("a@other.test", "2@lms").kind, smtp::Result::Kind::kAccepted);
  EXPECT_THAT(ReadFile(path), MatchesRegex("[0-9]{16} 250 1@lms a@probe.test\n"));
}

TEST_F(ServerTest, MarksUnansweredMailInLedger) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "ledger";
  Start({.faults = {"cut-after-dot"}, .ledger = path});
  EXPECT_EQ(Send("a@x.test", "1@lms").kind, smtp::Result::Kind::kAmbiguous);
  EXPECT_THAT(ReadFile(path), MatchesRegex("[0-9]{16} unanswered 1@lms a@x.test\n"));
}

TEST(ServerOptionsTest, RejectsInvalidFaultsAndPaths) {
  EXPECT_THAT(Server::Create({.faults = {"unknown"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown")));
  EXPECT_THAT(Server::Create({.ledger = "/nonexistent/ledger"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/ledger")));
}

}  // namespace
}  // namespace lmsmail::sink
