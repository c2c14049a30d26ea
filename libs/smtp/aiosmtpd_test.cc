#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

#include "libs/smtp/testing/outbox.h"
#include "libs/testing/status_matchers.h"

// Tests against an independent server: python3-aiosmtpd, which does not offer PIPELINING.
namespace lmsmail::smtp {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::Outbox;
using testing::SampleMail;
using Kind = Result::Kind;

constexpr char kPython[] = "/usr/bin/python3";

// Runs testing/aiosmtpd_server.py in a child process.
class Aiosmtpd {
 public:
  // `excluded` is an AUTH mechanism that the server does not offer; null: it offers all it has.
  explicit Aiosmtpd(const char* excluded) {
    int input[2];
    int output[2];
    if (pipe(input) != 0 || pipe(output) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(input[0], STDIN_FILENO);
      dup2(output[1], STDOUT_FILENO);
      close(input[1]);
      close(output[0]);
      execl(kPython, kPython, AIOSMTPD_SERVER, excluded, nullptr);
      _exit(127);
    }
    close(input[0]);
    close(output[1]);
    keep_alive_ = input[1];
    output_ = fdopen(output[0], "r");
  }
  ~Aiosmtpd() {
    close(keep_alive_);
    fclose(output_);
    waitpid(pid_, nullptr, 0);
  }

  // The next line that it printed; empty when it has ended.
  std::string NextLine() {
    char* line = nullptr;
    size_t size = 0;
    const ssize_t length = getline(&line, &size, output_);
    const std::string text(line != nullptr && length > 0 ? line : "");
    free(line);
    return text;
  }
  uint16_t Port() {
    const std::string line = NextLine();  // {"port": 12345}
    const size_t colon = line.find(": ");
    const size_t brace = line.find('}');
    int port = 0;
    if (colon == std::string::npos || brace == std::string::npos ||
        !absl::SimpleAtoi(line.substr(colon + 2, brace - colon - 2), &port)) {
      return 0;
    }
    return static_cast<uint16_t>(port);
  }

 private:
  pid_t pid_ = 0;
  int keep_alive_ = -1;
  FILE* output_ = nullptr;
};

// The text of a JSON string member of a line.
std::string Member(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\": \"";
  const size_t start = line.find(key);
  if (start == std::string::npos) return "";
  const size_t from = start + key.size();
  return line.substr(from, line.find('"', from) - from);
}

class AiosmtpdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") != 0) {
      GTEST_SKIP() << "python3-aiosmtpd is not installed";
    }
  }

  void Start(const char* excluded_mechanism = nullptr) {
    server_.emplace(excluded_mechanism);
    options_.host = "127.0.0.1";
    options_.port = server_->Port();
    ASSERT_NE(options_.port, 0);
    options_.ehlo_name = "client.test";
    options_.max_connections = 1;
  }

  std::optional<Aiosmtpd> server_;
  Options options_;
};

TEST_F(AiosmtpdTest, ReceivesMailsUnchanged) {
  Start();
  Outbox outbox(options_);
  const Mail dots = SampleMail("a@x.test", ".\r\n..\r\n.leading\r\n\r\n");
  Mail utf8 = SampleMail("jos\xC3\xA9@x.test", "gr\xC3\xBC\xC3\x9F\r\n");
  utf8.envelope_from.clear();

  EXPECT_EQ(outbox.SendAndWait(dots).kind, Kind::kAccepted);
  const std::string first = server_->NextLine();
  EXPECT_EQ(Member(first, "from"), "school@lms.test");
  EXPECT_EQ(Member(first, "content"), absl::Base64Escape(dots.message));

  EXPECT_EQ(outbox.SendAndWait(utf8).kind, Kind::kAccepted);
  const std::string second = server_->NextLine();
  EXPECT_THAT(second, HasSubstr("SMTPUTF8"));
  EXPECT_THAT(second, HasSubstr("BODY=8BITMIME"));
  EXPECT_EQ(Member(second, "content"), absl::Base64Escape(utf8.message));
}

TEST_F(AiosmtpdTest, ARejectedRecipientDoesNotStopTheNextMail) {
  Start();
  Outbox outbox(options_);

  const Result rejected = outbox.SendAndWait(SampleMail("unknown@x.test"));
  const Result accepted = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(rejected.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(rejected.enhanced_code, "5.1.1");
  EXPECT_EQ(accepted.kind, Kind::kAccepted);
}

TEST_F(AiosmtpdTest, AcceptsTheRightPasswordOnly) {
  options_.allow_plaintext_credentials = true;
  for (const char* excluded : {"LOGIN", "PLAIN"}) {
    Start(excluded);
    options_.credentials = {.username = "user", .password = "secret"};
    Outbox right(options_);
    ASSERT_OK_AND_ASSIGN(const ServerReport report, right.client().Check());
    EXPECT_THAT(report.capabilities, Contains("8BITMIME"));
    EXPECT_NE(report.auth_mechanism, excluded);

    options_.credentials->password = "guess";
    Outbox wrong(options_);
    EXPECT_THAT(wrong.client().Check(), StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

}  // namespace
}  // namespace lmsmail::smtp
