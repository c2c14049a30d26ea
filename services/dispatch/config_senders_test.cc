#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/config.h"
#include "services/dispatch/testing/config_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::Contains;
using testing::HasSubstr;

// The key of RFC 8463 appendix A.2.
constexpr char kDkimKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

TEST_F(ConfigTest, MessageIdsUseTheDomainOfTheFromAddress) {
  const auto domain = [this] {
    const auto message_ids = config_.ToMessageIds();
    EXPECT_OK(message_ids);
    const std::string id = message_ids.ok() ? message_ids->Of(1) : "";
    return id.substr(id.find('@') + 1);
  };
  ASSERT_OK(Load({"--from=noreply@lms.example", "--transports.relay.kind=console",
                  "--transports.relay.from=news@school.example", "--transports.plain.kind=console",
                  "--default_transport=plain"}));
  EXPECT_EQ(domain(), "lms.example");
  config_.default_transport = "relay";
  EXPECT_EQ(domain(), "school.example");
  config_.message_id_domain = "id.example";
  EXPECT_EQ(domain(), "id.example");
}

TEST_F(ConfigTest, SignsOnlyMailOfTheKeyDomain) {
  secret_ = kDkimKey;
  ASSERT_OK(Load(
      {"--from=noreply@mail.school.example", "--dkim.domain=school.example", "--dkim.selector=k1",
       "--dkim.private_key_file=/secret", "--transports.own.from=news@news.example",
       "--transports.own.dkim.domain=news.example", "--transports.own.dkim.selector=k2",
       "--transports.own.dkim.private_key_file=/secret", "--transports.plain.from=a@other.example",
       "--transports.console.kind=console", "--default_transport=console"}));
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports({}, clock_, {}));
  const auto record = [&](std::string_view transport) -> std::string {
    const auto& signer = transports->Find(transport)->sender().signer;
    return signer == nullptr ? "" : signer->RecordName();
  };
  EXPECT_EQ(record("console"), "k1._domainkey.school.example");
  EXPECT_EQ(record("own"), "k2._domainkey.news.example");
  EXPECT_EQ(record("plain"), "");
}

TEST_F(ConfigTest, ReportsInvalidDkimKeys) {
  const auto fields = [this](std::vector<std::string> flags) {
    std::vector<std::string> found;
    for (const FieldViolation& it : ViolationsOf(Load(std::move(flags)))) found.push_back(it.field);
    return found;
  };
  EXPECT_THAT(fields({"--dkim.domain=school.example", "--transports.relay.dkim.domain=a.example",
                      "--transports.relay.dkim.selector=k",
                      "--transports.relay.dkim.private_key_file=/secret"}),
              testing::UnorderedElementsAre(HasSubstr("dkim.domain"),
                                            HasSubstr("transports.relay.dkim.private_key_file"),
                                            HasSubstr("transports.relay.dkim.domain")));
}

TEST_F(ConfigTest, WritesSendersAndIdsInALabels) {
  secret_ = kDkimKey;
  ASSERT_OK(
      Load({"--from=mail@schüler.example", "--transports.relay.kind=smtp",
            "--transports.relay.host=127.0.0.1", "--transports.relay.ehlo_name=mx.schüler.example",
            "--transports.relay.reply_to=office@Schüler.example",
            "--transports.relay.envelope_from=bounces@schüler.example",
            "--transports.relay.dkim.domain=schüler.example", "--transports.relay.dkim.selector=k1",
            "--transports.relay.dkim.private_key_file=/secret"}));
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports({}, clock_, {}));
  const SenderIdentity& sender = transports->Find("relay")->sender();
  EXPECT_EQ(sender.from.address.ToString(), "mail@xn--schler-5ya.example");
  EXPECT_EQ(sender.reply_to->address.ToString(), "office@xn--schler-5ya.example");
  EXPECT_EQ(sender.envelope_from, "bounces@xn--schler-5ya.example");
  EXPECT_EQ(config_.ToSite({}).domain, "xn--schler-5ya.example");
  config_.message_id_domain = "ids.schüler.example";
  EXPECT_EQ(config_.ToSite({}).domain, "ids.xn--schler-5ya.example");
}

TEST_F(ConfigTest, RepliesGoToTheSchoolUnlessTheTransportSaysWhere) {
  ASSERT_OK(
      Load({"--from=mail@school.example", "--transports.relay.kind=smtp",
            "--transports.relay.host=127.0.0.1", "--transports.other.kind=smtp",
            "--transports.other.host=127.0.0.1", "--transports.other.reply_to=sales@school.example",
            "--default_transport=relay"}));
  service::SchoolConfig school;
  school.reply_to = "office@school.example";
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports(school, clock_, {}));
  EXPECT_EQ(transports->Find("relay")->sender().reply_to->address.ToString(),
            "office@school.example");
  EXPECT_EQ(transports->Find("other")->sender().reply_to->address.ToString(),
            "sales@school.example");
}

TEST_F(ConfigTest, RefusesSendersThatMailCannotName) {
  const std::pair<std::string, std::string> cases[] = {
      {"from", "jörg@school.example"},
      {"from", "school.example"},
      {"from", "a@school.example\r\nBcc: b@c.example"},
      {"from_name", "School\r\nBcc: b@c.example"},
      {"from_name", "School \u202eloohcS"},
      {"from_name", std::string(300, 'a')},
      {"message_id_domain", "school"},
      {"message_id_domain", "a@school.example"},
      {"message_id_domain", "school.example>"},
      {"transports.relay.from", "jörg@school.example"},
      {"transports.relay.from_name", "School\n"},
      {"transports.relay.reply_to", "büro@school.example"},
      {"transports.relay.envelope_from", "bounce bounce@school.example"},
      {"transports.relay.envelope_from", "büro@school.example"},
      {"transports.relay.ehlo_name", "my_host.example"},
      {"transports.relay.ehlo_name", "192.0.2.1"},
      {"transports.relay.ehlo_name", "[192.0.2.300]"},
      {"transports.relay.tls_server_name", "mx.example:587"},
      {"transports.relay.auth_mechanism", "xoauth2"},
  };
  for (const auto& [key, value] : cases) {
    config_ = DispatchConfig();
    const absl::Status status =
        Load({"--transports.relay.kind=smtp", "--transports.relay.host=mx.example",
              "--" + key + "=" + value});  // NOLINT(performance-inefficient-string-concatenation)
    EXPECT_THAT(ViolationsOf(status),
                testing::ElementsAre(testing::Field(&FieldViolation::field, key)))
        << key << "=" << value << ": " << status;
  }
}

TEST_F(ConfigTest, RefusesAnIdentityThatNoMailCanBeWrittenWith) {
  ASSERT_OK(Load({"--transports.relay.kind=console"}));
  service::SchoolConfig school;
  school.name = "School\r\nBcc: somebody@elsewhere.example";
  const absl::Status status = config_.ToTransports(school, clock_, {}).status();
  EXPECT_THAT(ViolationsOf(status), Contains(testing::Field(&FieldViolation::field, "school.name")))
      << status;
}

TEST_F(ConfigTest, GivesSmtpMailItsOwnEnvelopeSenders) {
  secret_ = "k1:" + std::string(64, 'a');
  ASSERT_OK(Load({"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1",
                  "--transports.gmail.kind=smtp", "--transports.gmail.host=127.0.0.1",
                  "--transports.gmail.envelope_from=me@gmail.com", "--default_transport=relay",
                  "--bounces.domain=b\xc3\xbc.School.example", "--bounces.keys_file=/bounce-keys",
                  "--keys_file=/keys"}));
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports({}, clock_, {}));
  const SenderIdentity& relay = transports->Find("relay")->sender();
  EXPECT_NE(relay.return_paths, nullptr);
  EXPECT_EQ(relay.bounce_domain, "xn--b-eha.school.example");
  const SenderIdentity& gmail = transports->Find("gmail")->sender();
  EXPECT_EQ(gmail.return_paths, nullptr);
  EXPECT_EQ(gmail.envelope_from, "me@gmail.com");
}

TEST_F(ConfigTest, RefusesEnvelopeSendersThatCannotWork) {
  has_keys_ = false;
  const std::vector<std::string> relay = {"--transports.relay.kind=smtp",
                                          "--transports.relay.host=127.0.0.1"};
  const auto fields = [&](std::vector<std::string> flags,
                          const std::vector<std::string>& transport) {
    flags.insert(flags.end(), transport.begin(), transport.end());
    config_ = {};
    std::vector<std::string> all;
    for (const FieldViolation& it : ViolationsOf(Load(flags))) all.push_back(it.field);
    return all;
  };
  const auto are = [](const std::string& field) { return testing::ElementsAre(HasSubstr(field)); };
  const std::string domain = "--bounces.domain=bounces.school.example";
  secret_ = "k1:" + std::string(64, 'a');
  EXPECT_THAT(fields({domain, "--keys_file=/k"}, relay), are("bounces.keys_file"));
  EXPECT_THAT(fields({"--bounces.keys_file=/b", "--keys_file=/k"}, relay), are("bounces.domain"));
  EXPECT_THAT(fields({domain, "--bounces.keys_file=/b"}, relay), are("keys_file"));
  for (const std::string& bad : {std::string("bounces"), std::string("a@b.example"),
                                 std::string("-.example"), std::string("[10.0.0.1]"),
                                 std::string(60, 'a') + "." + std::string(60, 'b') + "." +
                                     std::string(60, 'c') + ".school.example"}) {
    EXPECT_THAT(
        fields({"--bounces.domain=" + bad, "--bounces.keys_file=/b", "--keys_file=/k"}, relay),
        are("bounces.domain"))
        << bad;
  }
  EXPECT_THAT(fields({domain, "--bounces.keys_file=/b", "--keys_file=/k"}, {}),
              are("bounces.domain"));
  EXPECT_THAT(fields({domain, "--bounces.keys_file=/b", "--keys_file=/k",
                      "--transports.relay.envelope_from=b@school.example"},
                     relay),
              are("bounces.domain"));
  secret_ = "not a key";
  EXPECT_THAT(
      fields({domain, "--bounces.keys_file=/b", "--keys_file=/k"}, relay),
      testing::UnorderedElementsAre(HasSubstr("bounces.keys_file"), HasSubstr("keys_file")));
}

}  // namespace
}  // namespace lmsmail::dispatch
