#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"

#include "libs/hash/sha256.h"
#include "tests/fakes/mailgun_api.h"
#include "tests/fakes/testing.h"

namespace lmsmail::fakes {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kMime =
    "From: School <mail@school.test>\r\nTo: amira@students.test\r\nSubject: A long\r\n subject\r\n"
    "Message-ID: <1@school.test>\r\nX-A: 1\r\nX-A: 2\r\n\r\nbody\r\n";

std::string Login(std::string_view key) {
  return "Basic " + absl::Base64Escape("api:" + std::string(key));
}

class MailgunTest : public FakeTest {
 protected:
  void SetUp() override {
    StartFake(std::make_unique<MailgunApi>(
        MailgunOptions{.refused_recipients = {"bad@students.test"}, .detail = Detail::kContent}));
  }

  // The field "message" is a file.
  RawResponse Send(const Fields& fields, std::string_view path, std::string_view key = "key-fake") {
    std::string body;
    for (const auto& [name, value] : fields) {
      body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"";
      if (name == "message") {
        body += "; filename=\"message.eml\"\r\nContent-Type: message/rfc822";
      }
      body += "\r\n\r\n" + value + "\r\n";
    }
    body += "--B--\r\n";
    return Post(
        path, {{"Authorization", Login(key)}, {"Content-Type", "multipart/form-data; boundary=B"}},
        body);
  }
  RawResponse SendMime(const Fields& more) {
    Fields fields = {{"message", std::string(kMime)}};
    fields.insert(fields.end(), more.begin(), more.end());
    return Send(fields, "/v3/mg.school.test/messages.mime");
  }
  RawResponse SendParts(const Fields& more) {
    Fields fields = {{"from", "School <mail@school.test>"}, {"subject", "Hello"}, {"text", "text"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return Send(fields, "/v3/mg.school.test/messages");
  }
  static void ExpectRefused(const RawResponse& response, std::string_view message) {
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, StartsWith(R"({"message":")"));
    EXPECT_THAT(response.body, HasSubstr(message));
  }
};

TEST_F(MailgunTest, AcceptsMime) {
  const RawResponse response = SendMime({{"to", "amira@students.test"},
                                         {"v:lms_message_id", "m1"},
                                         {"o:tracking", "no"},
                                         {"o:tag", "demo"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"id":"<1@school.test>","message":"Queued. Thank you."})");
  const auto ledger = Ledger();
  ASSERT_THAT(ledger, SizeIs(1));
  EXPECT_EQ(ledger[0]["id"], "m1");
  EXPECT_EQ(ledger[0]["recipient"], "amira@students.test");
  EXPECT_EQ(ledger[0]["subject"], "A long subject");
  EXPECT_EQ(ledger[0]["headers"]["Message-ID"], "<1@school.test>");
  EXPECT_EQ(ledger[0]["headers"]["X-A"], json({"1", "2"}));
  EXPECT_EQ(ledger[0]["sha256"], hash::Sha256Hex(kMime));
  EXPECT_EQ(ledger[0]["content"]["mime"], kMime);
}

TEST_F(MailgunTest, AcceptsPartsForEachRecipient) {
  const RawResponse response = SendParts(
      {{"to", "Amira <amira@students.test>, \"B, en\" <ben@students.test>"},
       {"to", "cem@students.test"},
       {"html", "<p>%recipient.name%</p>"},
       {"h:List-Unsubscribe", "<https://school.test/u/%recipient.token%>"},
       {"v:lms_message_id", "%recipient.id%"},
       {"recipient-variables", R"({"amira@students.test":{"name":"Amira","token":"t1","id":"m1"},)"
                               R"("ben@students.test":{"name":"Ben","token":"t2","id":"m2"}})"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(json::parse(response.body)["id"].get<std::string>(), EndsWith("@mg.school.test>"));
  const auto ledger = Ledger();
  ASSERT_THAT(ledger, SizeIs(3));
  EXPECT_EQ(ledger[0]["id"], "m1");
  EXPECT_EQ(ledger[0]["headers"]["List-Unsubscribe"], "<https://school.test/u/t1>");
  EXPECT_EQ(ledger[0]["sha256"], hash::Sha256Hex("text<p>Amira</p>"));
  EXPECT_EQ(ledger[0]["visible_recipients"], 1);
  EXPECT_EQ(ledger[1]["recipient"], "ben@students.test");
  EXPECT_EQ(ledger[1]["content"]["html"], "<p>Ben</p>");
  EXPECT_EQ(ledger[2]["content"]["html"], "<p>%recipient.name%</p>");
}

TEST_F(MailgunTest, ShowsAllRecipientsWithoutVariables) {
  EXPECT_EQ(
      SendParts({{"to", "a@students.test,b@students.test"}, {"bcc", "c@students.test"}}).status,
      200);
  ASSERT_THAT(Ledger(), SizeIs(3));
  EXPECT_EQ(Ledger()[0]["visible_recipients"], 2);
}

TEST_F(MailgunTest, AcceptsUrlEncodedParts) {
  EXPECT_EQ(Post("/v3/mg.school.test/messages",
                 {{"Authorization", Login("key-fake")},
                  {"Content-Type", "application/x-www-form-urlencoded"}},
                 "from=mail%40school.test&to=a%40students.test&subject=Hi&text=Hello+you")
                .status,
            200);
  EXPECT_EQ(Ledger().at(0)["content"]["text"], "Hello you");
  ExpectRefused(Post("/v3/mg.school.test/messages.mime",
                     {{"Authorization", Login("key-fake")},
                      {"Content-Type", "application/x-www-form-urlencoded"}},
                     "to=a%40students.test&message=x"),
                "must be a file");
}

TEST_F(MailgunTest, KnowsItsKeyAndDomains) {
  const Fields fields = {{"to", "a@students.test"}, {"message", std::string(kMime)}};
  const RawResponse forbidden = Send(fields, "/v3/mg.school.test/messages.mime", "other");
  EXPECT_EQ(forbidden.status, 401);
  EXPECT_EQ(forbidden.body, "Forbidden");
  const RawResponse unknown = Send(fields, "/v3/eu.school.test/messages.mime");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"message":"Domain not found: eu.school.test"})");
  for (const std::string_view path :
       {"/", "/v3", "/v3/mg.school.test", "/messages", "/v2/mg.school.test/messages",
        "/v3/mg.school.test/messages/", "/v3/mg.school.test/message.mime"}) {
    const RawResponse greeting = Send(fields, path);
    EXPECT_EQ(greeting.status, 200) << path;
    EXPECT_EQ(greeting.body, "Mailgun Magnificent API") << path;
  }
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(MailgunTest, TellsTheHealthOfADomain) {
  EXPECT_THAT(Get("/v3/domains/mg.school.test", Login("key-fake")).body,
              HasSubstr(R"("state":"active")"));
  EXPECT_EQ(Get("/v4/domains/mg.school.test", Login("key-fake")).status, 200);
  EXPECT_EQ(Get("/v4/domains/x.test", Login("key-fake")).status, 404);
  EXPECT_EQ(Get("/v4/domains/mg.school.test", Login("other")).status, 401);
}

TEST_F(MailgunTest, ChecksAddresses) {
  for (const std::string bad : {"", "amira", "a@students.test,", "a@students.test, x", "Amira <x>",
                                "a@b", "<a@students.test"}) {
    ExpectRefused(SendMime({{"to", "good@students.test"}, {"to", bad}}),
                  "'to' parameter is not a valid address");
  }
  ExpectRefused(SendMime({}), "'to' parameter is missing");
  ExpectRefused(SendParts({{"to", "a@students.test"}, {"from", "x"}}), "'from' parameter is not");
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(MailgunTest, RefusesARecipientWithoutNamingIt) {
  ExpectRefused(SendParts({{"to", "amira@students.test"}, {"to", "bad@students.test"}}),
                "'to' parameter is not a valid address");
  EXPECT_THAT(Ledger(), SizeIs(0)) << "one refused recipient refuses the whole request";
}

TEST_F(MailgunTest, LimitsRecipients) {
  std::string list;
  for (int i = 0; i < 1000; ++i) list += (i > 0 ? "," : "") + std::to_string(i) + "@students.test";
  EXPECT_EQ(SendMime({{"to", list}}).status, 200);
  ExpectRefused(SendMime({{"to", list}, {"to", "one-more@students.test"}}),
                "Too many recipients, max is 1000");
  Fields each;
  for (int i = 0; i < 1000; ++i) each.emplace_back("to", std::to_string(i) + "@students.test");
  EXPECT_EQ(SendParts(each).status, 200);
}

TEST_F(MailgunTest, ChecksParameters) {
  const auto with = [&](const std::string& name, const std::string& value) {
    return SendMime({{"to", "a@students.test"}, {name, value}});
  };
  ExpectRefused(with("o:tracking", "maybe"), "must be yes or no");
  ExpectRefused(with("o:track", "no"), "not a documented parameter");
  ExpectRefused(with("tracking", "no"), "not a documented parameter");
  ExpectRefused(with("o:tag", std::string(129, 'x')), "o:tag");
  ExpectRefused(with("o:tag", "\xc3\xa4"), "o:tag");
  ExpectRefused(with("h:Gr\xc3\xbc\xc3\x9f", "x"), "must be ASCII");
  ExpectRefused(with("recipient-variables", "{"), "not a valid JSON");
  ExpectRefused(with("recipient-variables", R"({"a@students.test":1})"), "not a valid JSON");
  ExpectRefused(with("o:deliverytime", "tomorrow"), "RFC-2822");
  const auto in = [](absl::Duration ahead) {
    return absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", absl::Now() + ahead,
                            absl::UTCTimeZone());
  };
  EXPECT_EQ(with("o:deliverytime", in(absl::Hours(71))).status, 200);
  ExpectRefused(with("o:deliverytime", in(absl::Hours(73))), "too far");
  EXPECT_EQ(with("v:k", std::string((16 << 10) - 3, 'x')).status, 200);
  ExpectRefused(with("v:k", std::string((16 << 10) - 2, 'x')), "16KB");
  Fields tags = {{"to", "a@students.test"}};
  for (int i = 0; i < 11; ++i) tags.emplace_back("o:tag", std::to_string(i));
  ExpectRefused(SendMime(tags), "Too many tags");
}

TEST_F(MailgunTest, ChecksContent) {
  const auto send = [&](const Fields& fields) {
    return Send(fields, "/v3/mg.school.test/messages");
  };
  ExpectRefused(send({{"to", "a@students.test"}, {"text", "x"}}), "'from' parameter is missing");
  ExpectRefused(send({{"to", "a@students.test"}, {"from", "mail@school.test"}}),
                "Need at least one of");
  const auto send_mime = [&](const Fields& fields) {
    return Send(fields, "/v3/mg.school.test/messages.mime");
  };
  ExpectRefused(send_mime({{"to", "a@students.test"}}), "'message' parameter is missing");
  ExpectRefused(send_mime({{"to", "a@students.test"}, {"message", "Subject: x\r\n\r\n"}}),
                "'from' parameter");
  ExpectRefused(send_mime({{"to", "a@students.test"},
                           {"message", std::string(kMime) + std::string(26 << 20, 'x')}}),
                "25MB");
  EXPECT_EQ(send_mime({{"to", "a@students.test"},
                       {"message", std::string(kMime) + std::string(53 << 20, 'x')}})
                .status,
            413);
}

TEST_F(MailgunTest, DeliversNothingInTestMode) {
  EXPECT_EQ(SendMime({{"to", "a@students.test"}, {"o:testmode", "yes"}}).status, 200);
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(MailgunTest, FailsInItsOwnWords) {
  const auto fail = [&](const std::string& mode) {
    EXPECT_EQ(Control(R"({"reset_seconds":9,"mode":")" + mode + "\"}").status, 200);
    return SendMime({{"to", "a@students.test"}});
  };
  EXPECT_EQ(fail("401").body, "Forbidden");
  EXPECT_THAT(fail("403").body, HasSubstr("unverified"));
  const RawResponse limited = fail("429");
  EXPECT_EQ(limited.status, 429);
  EXPECT_THAT(limited.body,
              StartsWith("Domain mg.school.test is not allowed to send: request limit "
                         "exceeded, try again after "));
  EXPECT_GE(std::stod(std::string(limited.headers.Get("X-RateLimit-Reset"))),
            static_cast<double>(absl::ToUnixSeconds(absl::Now())));
  EXPECT_THAT(fail("quota").body, HasSubstr("recipient limit exceeded"));
  EXPECT_EQ(fail("revoked").status, 401);
  EXPECT_EQ(Get("/v4/domains/mg.school.test", Login("key-fake")).status, 401);
  for (const int status : {400, 413, 451, 500, 503}) {
    EXPECT_EQ(fail(std::to_string(status)).status, status);
  }
  EXPECT_THAT(Ledger(), SizeIs(0));
}

}  // namespace
}  // namespace lmsmail::fakes
