#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "libs/http_client/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/bounce_filter/invocation.h"
#include "services/gateway/bounce_filter/submission.h"

namespace lmsmail::bounce_filter {
namespace {

using http_client::testing::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr char kUnavailable[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

absl::StatusOr<Invocation> Read(std::vector<const char*> arguments,
                                std::vector<const char*> environment = {}) {
  arguments.insert(arguments.begin(), "lmsmail-bounce");
  environment.push_back(nullptr);
  return ReadInvocation(static_cast<int>(arguments.size()), arguments.data(), environment.data(),
                        "test");
}

TEST(InvocationTest, ReadsFlagsThenRecipients) {
  ASSERT_OK_AND_ASSIGN(const Invocation invocation,
                       Read({"--gateway=https://mail.school.example", "--timeout=5s", "--", "--a@b",
                             "c@d", "--timeout=1s"}));
  EXPECT_EQ(invocation.options.gateway, "https://mail.school.example");
  EXPECT_EQ(invocation.options.timeout, absl::Seconds(5));
  EXPECT_THAT(invocation.recipients, ElementsAre("--a@b", "c@d", "--timeout=1s"));
  ASSERT_OK_AND_ASSIGN(const Invocation plain, Read({"a@b"}));
  EXPECT_EQ(plain.options.gateway, "http://127.0.0.1:8080");
  EXPECT_THAT(plain.recipients, ElementsAre("a@b"));
}

TEST(InvocationTest, TakesTheRecipientFromTheMailServersEnvironment) {
  ASSERT_OK_AND_ASSIGN(const Invocation exim, Read({}, {"USER=mail", "RECIPIENT=a@b"}));
  EXPECT_THAT(exim.recipients, ElementsAre("a@b"));
  ASSERT_OK_AND_ASSIGN(const Invocation postfix,
                       Read({}, {"RECIPIENT=alias@b", "ORIGINAL_RECIPIENT=a@b"}));
  EXPECT_THAT(postfix.recipients, ElementsAre("a@b"));
}

TEST(InvocationTest, RefusesWhatCannotWork) {
  EXPECT_THAT(Read({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("recipient")));
  EXPECT_THAT(Read({"--gateway=http://mail.school.example", "a@b"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("https")));
  EXPECT_THAT(Read({"--gatway=x", "a@b"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gateway")));
  ASSERT_OK_AND_ASSIGN(const Invocation help, Read({"--help"}));
  EXPECT_THAT(help.output, HasSubstr("--timeout"));
}

Invocation To(const ScriptedServer& server, std::vector<std::string> recipients) {
  return {.options = {.gateway = server.url()}, .recipients = std::move(recipients), .output = {}};
}

TEST(SubmissionTest, PostsTheMessageForEachRecipient) {
  ScriptedServer server({{.bytes = kOk}, {.bytes = kOk}});
  EXPECT_OK(
      Submit(To(server, {"k1.abc@bounces.school.example", "a b/?&=\n@x"}), "Subject: a\n\nb"));
  ASSERT_THAT(server.requests(), SizeIs(2));
  EXPECT_THAT(server.requests()[0],
              StartsWith("POST /bounces?recipient=k1.abc%40bounces.school.example HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0], HasSubstr("\r\nContent-Type: message/rfc822\r\n"));
  EXPECT_THAT(server.requests()[0], EndsWith("\r\n\r\nSubject: a\n\nb"));
  EXPECT_THAT(server.requests()[1],
              StartsWith("POST /bounces?recipient=a%20b%2F%3F%26%3D%0A%40x HTTP/1.1\r\n"));
}

TEST(SubmissionTest, FailsUnlessTheGatewayHasTheMessageForAll) {
  ScriptedServer server({{.bytes = kUnavailable}, {.bytes = kOk}});
  EXPECT_THAT(Submit(To(server, {"a@b", "c@d"}), "x"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("503")));
  EXPECT_THAT(server.requests(), SizeIs(2));
  ScriptedServer other({{.bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
                        {.bytes = "", .close = true}});
  EXPECT_THAT(Submit(To(other, {"a@b"}), "x"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("bounces.keys_file")));
  EXPECT_THAT(Submit(To(other, {"a@b"}), "x"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(SubmissionTest, SendsTheBeginningOfALargeMessage) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string large(10 << 20, 'x');
  std::thread writer([&] {
    std::size_t written = 0;
    while (written < large.size()) {
      const ssize_t size = write(ends[1], large.data() + written, large.size() - written);
      if (size <= 0) break;
      written += static_cast<std::size_t>(size);
    }
    close(ends[1]);
    EXPECT_EQ(written, large.size());
  });
  const absl::StatusOr<std::string> message = ReadMessage(ends[0]);
  writer.join();
  close(ends[0]);
  ASSERT_OK(message);
  EXPECT_EQ(message->size(), kMaxMessage);
  EXPECT_FALSE(ReadMessage(ends[0]).ok());
}

}  // namespace
}  // namespace lmsmail::bounce_filter
