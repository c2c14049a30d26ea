// What comes back for mail reaches the gateway as a mail server sends it: by lmsmail-bounce. The
// state of the mail and the suppression list follow.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

#include "libs/return_path/return_path.h"
#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/gateway_test.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/process.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
namespace pb = dispatch::v1;
namespace pref = preference::v1;

constexpr char kDomain[] = "@bounces.school.example";
constexpr int kTemporaryFailure = 75;  // EX_TEMPFAIL of sysexits.h

// The line of a key file whose key has this hex digit only.
std::string Key(std::string_view id, char digit) {
  return fmt::format("{}:{}\n", id, std::string(64, digit));
}

class BouncesTest : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    folder_->Write("keys", Key("k2", '2') + Key("k1", '1'));
    const std::string keys = fmt::format("--bounces.keys_file={}", InFolder("keys"));
    StartWithGateway({.flags = {{"dispatch", {keys, "--bounces.domain=bounces.school.example"}}}},
                     {keys});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    folder_.reset();
  }
  static std::string InFolder(std::string_view name) { return folder_->path() / name; }

  // The envelope sender of the student's only mail.
  static std::string ReturnPathOf(std::string_view student) {
    const auto mail = suite().inbox().WaitForOne(AddressOf(student));
    EXPECT_OK(mail);
    return mail.ok() ? mail->envelope_from() : "";
  }
  // A report of tests/data/reports about mail to the student.
  static std::string Sample(std::string_view name, std::string_view student) {
    std::ifstream file(fmt::format("{}/{}.eml", LMSMAIL_REPORTS, name));
    EXPECT_TRUE(file.is_open()) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return absl::StrReplaceAll(text.str(), {{"ada@students.example", AddressOf(student)}});
  }
  // Pipes the message into the filter as a mail server does, and returns the exit code.
  static int Pipe(std::string_view message, std::string_view recipient, int port = 0) {
    folder_->Write("message", message);
    auto process = Process::Start(
        {"/bin/sh", "-c", "exec \"$0\" \"$1\" -- \"$2\" < \"$3\"",
         fmt::format("{}/lmsmail-bounce", LMSMAIL_BINARIES),
         fmt::format("--gateway=http://127.0.0.1:{}", port == 0 ? gateway_->port() : port),
         std::string(recipient), InFolder("message")},
        InFolder("filter.log"));
    EXPECT_OK(process);
    if (!process.ok()) return -1;
    const auto code = process->WaitForExit(kTimeout);
    EXPECT_OK(code);
    return code.value_or(-1);
  }
  static std::string PathWith(std::string_view keys, std::string_view student) {
    return return_path::ReturnPaths(token::KeyRing::Parse(keys).value())
               .LocalPart(1, address::ParseEmailAddress(AddressOf(student)).value()) +
           kDomain;
  }
  static void ExpectSuppressed(std::string_view student, pref::Suppression::Reason reason) {
    EXPECT_OK(WaitUntil("the address is suppressed",
                        [&] { return SuppressionOf(student).reason() == reason; }));
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(BouncesTest, ADeliveryReportMakesAMailBounced) {
  const pb::Message message = SentTo("gone");
  const std::string path = ReturnPathOf("gone");
  EXPECT_THAT(path, EndsWith(kDomain));
  EXPECT_LE(path.find('@'), 64u);

  EXPECT_EQ(Pipe(Sample("postfix_delayed", "gone"), path), 0);
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
  EXPECT_EQ(Pipe(Sample("postfix_failed", "gone"), absl::AsciiStrToUpper(path)), 0);
  EXPECT_EQ(Pipe(Sample("postfix_failed", "gone"), path), 0) << "a mail server may repeat it";

  const pb::ExplainMessageResponse explained = Explained(message);
  EXPECT_EQ(explained.message().state(), pb::STATE_BOUNCED);
  EXPECT_EQ(explained.message().reason(), pb::REASON_BOUNCED);
  EXPECT_EQ(explained.message().detail(),
            "550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table");
  EXPECT_EQ(explained.entries_size(), 4) << "accepted, sent, delayed, bounced";
  ExpectSuppressed("gone", pref::Suppression::REASON_BOUNCED);
}

TEST_F(BouncesTest, ABounceThatProvesNothingAboutTheAddressSuppressesNothing) {
  const pb::Message full = SentTo("full");
  EXPECT_EQ(Pipe(Sample("exim_failed", "full"), ReturnPathOf("full")), 0);
  EXPECT_EQ(StateOf(full), pb::STATE_BOUNCED);
  const pb::Message forwarding = SentTo("forwarding");
  EXPECT_EQ(Pipe(Sample("forwarded_failed", "forwarding"), ReturnPathOf("forwarding")), 0);
  const pb::Message bounced = Explained(forwarding).message();
  EXPECT_EQ(bounced.state(), pb::STATE_BOUNCED);
  EXPECT_EQ(bounced.detail(), "at another address: 550 5.1.1 no such user");
  // The suppression list gets what it gets in order.
  SentTo("dead");
  EXPECT_EQ(Pipe(Sample("qmail_failed", "dead"), ReturnPathOf("dead")), 0);
  ExpectSuppressed("dead", pref::Suppression::REASON_BOUNCED);
  EXPECT_TRUE(SuppressionOf("full").email_address().empty());
  EXPECT_TRUE(SuppressionOf("forwarding").email_address().empty());
}

TEST_F(BouncesTest, AComplaintSuppressesTheAddress) {
  const pb::Message message = SentTo("angry");
  const std::string report =
      absl::StrReplaceAll(Sample("arf_abuse", "angry"),
                          {{"0000000000001.01234567@school.example", message.message_id()}});
  EXPECT_EQ(Pipe(report, fmt::format("fbl{}", kDomain)), 0);
  ExpectSuppressed("angry", pref::Suppression::REASON_COMPLAINED);
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
}

TEST_F(BouncesTest, StoresNothingOfAForgeryOrAReply) {
  const pb::Message message = SentTo("victim");
  const std::string path = ReturnPathOf("victim");
  const std::string report = Sample("postfix_failed", "victim");
  std::string changed = path;
  changed[20] = changed[20] == 'a' ? 'b' : 'a';
  for (const std::string& recipient :
       {changed, path.substr(0, 30) + kDomain, PathWith(Key("k2", '9'), "victim"),
        PathWith(Key("k0", '0'), "victim"), std::string("postmaster") + kDomain,
        std::string("\xff")}) {
    EXPECT_EQ(Pipe(report, recipient), 0) << recipient;
  }
  // Another mail's return path does not help against this one.
  SentTo("attacker");
  EXPECT_EQ(Pipe(report, ReturnPathOf("attacker")), 0);
  EXPECT_EQ(Pipe(Sample("vacation", "victim"), path), 0);
  EXPECT_EQ(Pipe(Sample("challenge", "victim"), path), 0);
  EXPECT_EQ(Pipe("", path), 0);
  EXPECT_EQ(Pipe(std::string(10 << 20, 'x'), path), 0);
  EXPECT_EQ(Pipe(report.substr(0, report.find("Action:")), path), 0);
  std::string nested = "Subject: x\n";
  for (int i = 0; i < 5000; ++i) nested += "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
  EXPECT_EQ(Pipe(nested + report, path), 0);
  const std::string target = "/bounces?recipient=" + path;
  EXPECT_EQ(Post(target, std::string(10 << 20, 'x'), "Connection: close\r\n"), 413);
  EXPECT_EQ(Post("/bounces", report), 400);

  EXPECT_EQ(Explained(message).entries_size(), 2) << "accepted and sent";
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
  EXPECT_TRUE(SuppressionOf("victim").email_address().empty());
  EXPECT_TRUE(SuppressionOf("attacker").email_address().empty());
  EXPECT_THAT(gateway_->Log(), Not(HasSubstr("students.example")));
}

TEST_F(BouncesTest, OpensTheReturnPathsOfAnOlderKey) {
  const pb::Message message = SentTo("old");
  const auto id = return_path::ReturnPaths(token::KeyRing::Parse(Key("k2", '2')).value())
                      .Parse(ReturnPathOf("old"));
  ASSERT_TRUE(id.has_value());
  const std::string older =
      return_path::ReturnPaths(token::KeyRing::Parse(Key("k1", '1')).value())
          .LocalPart(id->mail, address::ParseEmailAddress(AddressOf("old")).value()) +
      kDomain;
  EXPECT_EQ(Pipe(Sample("postfix_failed", "old"), older), 0);
  EXPECT_EQ(StateOf(message), pb::STATE_BOUNCED);
}

// Last, because it stops a service.
TEST_F(BouncesTest, ZzTheMailServerRetriesDuringAnOutage) {
  const pb::Message message = SentTo("patient");
  const std::string path = ReturnPathOf("patient");
  const std::string report = Sample("postfix_failed", "patient");
  EXPECT_EQ(Pipe(report, path, suite().inbox().port()), kTemporaryFailure) << "no gateway there";
  ASSERT_OK(suite().Kill("dispatch"));
  EXPECT_EQ(Pipe(report, path), kTemporaryFailure);
  ASSERT_OK(suite().Restart("dispatch"));
  EXPECT_OK(WaitUntil("the filter works again", [&] { return Pipe(report, path) == 0; }));
  EXPECT_EQ(StateOf(message), pb::STATE_BOUNCED);
}

}  // namespace
}  // namespace lmsmail::integration
