#include "services/dispatch/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {
namespace {

using testing::Contains;
using testing::HasSubstr;

// The key of RFC 8463 appendix A.2.
constexpr char kDkimKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

class ConfigTest : public testing::Test {
 protected:
  absl::Status Load(std::vector<std::string> flags) {
    config::Schema schema("dispatch", "test");
    config_.Declare(schema);
    std::vector<const char*> argv = {"lmsmail-dispatch"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    const char* const environment[] = {nullptr};
    return schema
        .Load(static_cast<int>(argv.size()), argv.data(), environment,
              [this](const std::string&) -> absl::StatusOr<std::string> { return secret_; })
        .status();
  }

  const FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  DispatchConfig config_;
  std::string secret_ = "secret";  // what every file holds
};

TEST_F(ConfigTest, WorksWithoutConfiguration) {
  ASSERT_OK(Load({}));
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports({}, clock_, {}));
  EXPECT_EQ(transports->default_name(), "console");
  ASSERT_NE(transports->Find(""), nullptr);
  EXPECT_EQ(transports->Find("")->info().kind, "console");
  ASSERT_OK_AND_ASSIGN(const MessageIdHeader message_ids, config_.ToMessageIds());
  EXPECT_THAT(message_ids.Of(1), testing::EndsWith("@lms.example"));
  EXPECT_FALSE(config_.ToWorker().name.empty());
}

TEST_F(ConfigTest, WarnsWhenMailLeavesWithLinksToThisMachine) {
  ASSERT_OK(Load({"--transports.real.kind=smtp", "--transports.real.host=mx.school.example",
                  "--transports.inbox.kind=smtp", "--transports.inbox.host=127.0.0.1",
                  "--transports.print.kind=console", "--default_transport=real"}));
  const auto warnings = [&](std::string public_url) {
    service::SchoolConfig school;
    school.public_url = std::move(public_url);
    const telemetry::ScopedLogCapture logs;
    EXPECT_OK(config_.ToTransports(school, clock_, {}));
    std::vector<std::string> transports;
    for (const telemetry::LoggedEvent& event : logs.events()) {
      if (event.level == telemetry::Level::kWarning && event.fields.contains("public_url")) {
        transports.push_back(event.fields.at("transport"));
      }
    }
    return transports;
  };
  EXPECT_THAT(warnings("http://127.0.0.1:8080"), testing::ElementsAre("real"));
  EXPECT_THAT(warnings("https://mail.school.example"), testing::IsEmpty());
}

TEST_F(ConfigTest, BuildsATransportFromItsKeys) {
  ASSERT_OK(Load(
      {"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1",
       "--transports.relay.port=2525", "--transports.relay.tls=none",
       "--transports.relay.from=news@school.example", "--transports.relay.from_name=The School",
       "--transports.relay.reply_to=office@school.example",
       "--transports.relay.envelope_from=bounces@school.example", "--default_transport=relay"}));
  service::SchoolConfig school;
  school.name = "School";
  ASSERT_OK_AND_ASSIGN(const auto transports, config_.ToTransports(school, clock_, {}));
  const Transport* const relay = transports->Find("");
  ASSERT_NE(relay, nullptr);
  EXPECT_EQ(relay->info().endpoint, "127.0.0.1:2525 (no TLS)");
  EXPECT_EQ(relay->sender().from.display_name, "The School");
  EXPECT_EQ(relay->sender().from.address.ToString(), "news@school.example");
  EXPECT_EQ(relay->sender().reply_to->address.ToString(), "office@school.example");
  EXPECT_EQ(relay->sender().envelope_from, "bounces@school.example");
  EXPECT_EQ(transports->Find("console"), nullptr) << "it would take mail and send nothing";
}

TEST_F(ConfigTest, WorkerHasItsOwnPool) {
  ASSERT_OK(Load({"--worker.pool_size=5"}));
  postgres::PoolOptions calls;
  calls.size = 3;
  calls.schema = "dispatch";
  const postgres::PoolOptions worker = config_.ToWorkerPool(calls);
  EXPECT_EQ(worker.size, 5);
  EXPECT_EQ(worker.schema, "dispatch");
}

TEST_F(ConfigTest, DefaultTransportMustExist) {
  ASSERT_OK(Load({"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1"}));
  ASSERT_OK_AND_ASSIGN(auto transports, config_.ToTransports({}, clock_, {}));
  EXPECT_EQ(transports->default_name(), "relay");

  config_ = {};
  EXPECT_THAT(Load({"--transports.a.kind=console", "--transports.b.kind=console"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("default_transport")));
  config_ = {};
  EXPECT_THAT(Load({"--transports.a.kind=console", "--default_transport=console"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("use one of a")));
  config_ = {};
  EXPECT_THAT(Load({"--default_transport=gmail"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("transports.gmail.kind")));
  config_ = {};
  EXPECT_OK(Load({"--default_transport=console"}));
  config_ = {};
  EXPECT_OK(Load({"--transports.console.kind=console", "--transports.relay.kind=smtp",
                  "--transports.relay.host=127.0.0.1", "--default_transport=relay"}));
  ASSERT_OK_AND_ASSIGN(transports, config_.ToTransports({}, clock_, {}));
  EXPECT_NE(transports->Find("console"), nullptr);
}

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

TEST_F(ConfigTest, ReportsEveryViolation) {
  const absl::Status status =
      Load({"--from=nobody", "--transports.relay.kind=smtp", "--transports.relay.tls=none",
            "--transports.relay.username=u", "--transports.relay.password_file=/secret",
            "--default_transport=pigeon", "--delivery.resend_uncertain=payment,gossip",
            "--delivery.min_backoff=2h", "--keys_file=/secret"});
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
  for (const std::string key :
       {"from", "transports.relay.host", "transports.relay.tls", "default_transport",
        "delivery.resend_uncertain", "delivery.max_backoff", "keys_file"}) {
    EXPECT_THAT(fields, Contains(HasSubstr(key))) << status;
  }
}

TEST_F(ConfigTest, MeasuresNothingByDefault) {
  ASSERT_OK(Load({}));
  EXPECT_EQ(config_.tracking.ToTracking("https://mail.example"), nullptr);
  EXPECT_EQ(config_.tracking.machine_delay, absl::Seconds(2));
}

TEST_F(ConfigTest, MeasuringNeedsCategoriesAndKeys) {
  const absl::Status status = Load({"--tracking.opens=progress,gossip", "--tracking.clicks=x"});
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
  for (const std::string key : {"tracking.opens", "tracking.clicks", "tracking.keys_file"}) {
    EXPECT_THAT(fields, Contains(HasSubstr(key))) << status;
  }
  TrackingConfig tracking;
  tracking.opens = {"progress"};
  tracking.keys = "k1:" + std::string(64, 'a');
  EXPECT_NE(tracking.ToTracking("https://mail.example"), nullptr);
}

TEST_F(ConfigTest, RequiresAPasswordOrATokenFile) {
  const auto fields = [this](std::vector<std::string> flags) {
    flags.insert(flags.end(),
                 {"--transports.relay.kind=smtp", "--transports.relay.host=mx.example"});
    std::vector<std::string> found;
    for (const FieldViolation& it : ViolationsOf(Load(std::move(flags)))) found.push_back(it.field);
    config_.transports.clear();
    return found;
  };
  const std::string username = "--transports.relay.username=u";
  const std::string password = "--transports.relay.password_file=/secret";
  const std::string token = "--transports.relay.token_file=/run/secrets/token";
  EXPECT_THAT(fields({username, password}), testing::IsEmpty());
  EXPECT_THAT(fields({username, token}), testing::IsEmpty());
  EXPECT_THAT(fields({username, password, token}),
              testing::ElementsAre("transports.relay.token_file"));
  EXPECT_THAT(fields({username}), testing::ElementsAre("transports.relay.username"));
  EXPECT_THAT(fields({token}), testing::ElementsAre("transports.relay.username"));
  EXPECT_THAT(fields({username, token, "--transports.relay.tls=none"}),
              testing::ElementsAre("transports.relay.tls"));
}

TEST_F(ConfigTest, BuildsATransportBeforeItsTokenFileExists) {
  ASSERT_OK(Load({"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1",
                  "--transports.relay.username=u", "--transports.relay.token_file=/none"}));
  EXPECT_OK(config_.ToTransports({}, clock_, {}));
}

TEST_F(ConfigTest, MapsKeysToThePolicy) {
  ASSERT_OK(Load({"--delivery.max_resends=3",
                  "--delivery.resend_uncertain=", "--delivery.resend_recovered=payment",
                  "--delivery.peer_backoff=1m", "--worker.lease=30s", "--worker.name=replica-1"}));
  const Worker::Options options = config_.ToWorker();
  EXPECT_EQ(options.name, "replica-1");
  EXPECT_EQ(options.lease, absl::Seconds(30));
  EXPECT_EQ(options.policy.max_resends, 3);
  EXPECT_TRUE(options.policy.resend_uncertain.empty());
  EXPECT_EQ(options.policy.resend_recovered, std::set<Category>{Category::kPayment});
  EXPECT_EQ(options.policy.peer_backoff.max, absl::Minutes(1));
}

TEST_F(ConfigTest, LimitsTransportsDomainsAndBatches) {
  ASSERT_OK(
      Load({"--transports.relay.rate_per_second=50", "--transports.relay.burst=20",
            "--limits.domains.google.match=gmail.com,GoogleMail.com",
            "--limits.domains.google.rate_per_second=5", "--limits.other_domain.rate_per_second=20",
            "--limits.batch.rate_per_second=100"}));
  const LimitRules rules = config_.ToWorker().limits;
  EXPECT_EQ(rules.transports.at("relay"), (RateRule{50, 20}));
  EXPECT_EQ(rules.domain_groups.at("google").rule, (RateRule{5, 0}));
  EXPECT_THAT(rules.domain_groups.at("google").domains,
              testing::ElementsAre("gmail.com", "googlemail.com"));
  EXPECT_EQ(rules.other_domain, (RateRule{20, 0}));
  EXPECT_EQ(rules.batch, (RateRule{100, 0}));
}

TEST_F(ConfigTest, RefusesInvalidAndRepeatedDomainsOfLimits) {
  const absl::Status status =
      Load({"--limits.domains.a.match=gmail.com,nowhere", "--limits.domains.b.match=gmail.com",
            "--limits.domains.c.rate_per_second=1"});
  const auto violation = [](const char* field, const char* text) {
    return Contains(testing::AllOf(testing::Field(&FieldViolation::field, field),
                                   testing::Field(&FieldViolation::description, HasSubstr(text))));
  };
  EXPECT_THAT(ViolationsOf(status),
              violation("limits.domains.a.match", "\"nowhere\" is not a valid recipient domain"));
  EXPECT_THAT(ViolationsOf(status),
              violation("limits.domains.b.match", "already in limits.domains.a"));
  EXPECT_THAT(ViolationsOf(status), violation("limits.domains.c.match", "at least one"));
}

// Three transports, and the flags of a test.
std::vector<std::string> WithTransports(std::vector<std::string> flags) {
  for (const std::string name : {"sendgrid", "mailgun", "relay"}) {
    flags.push_back("--transports." + name + ".kind=smtp");
    flags.push_back("--transports." + name + ".host=127.0.0.1");
  }
  flags.push_back("--default_transport=relay");
  return flags;
}

TEST_F(ConfigTest, RoutesByCategoryAndDomain) {
  ASSERT_OK(Load(WithTransports({"--routes.receipts.categories=payment,enrollment",
                                 "--routes.receipts.transports=sendgrid=3, mailgun = 1,relay=0",
                                 "--routes.google.recipient_domains=GMail.com,schüler.example",
                                 "--routes.google.transports=mailgun"})));
  const Routing routing = config_.ToWorker().routing;
  const Route* const receipts = routing.Find(Category::kPayment, "students.example");
  ASSERT_NE(receipts, nullptr);
  EXPECT_EQ(receipts->name, "receipts");
  EXPECT_THAT(receipts->transports,
              testing::ElementsAre(Route::Share{"sendgrid", 3}, Route::Share{"mailgun", 1},
                                   Route::Share{"relay", 0}));
  for (const char* domain : {"gmail.com", "xn--schler-5ya.example"}) {
    const Route* const google = routing.Find(Category::kPayment, domain);
    ASSERT_NE(google, nullptr) << domain;
    EXPECT_EQ(google->name, "google") << domain;
    EXPECT_THAT(google->transports, testing::ElementsAre(Route::Share{"mailgun", 1}));
  }
  EXPECT_EQ(routing.Find(Category::kProgress, "mail.gmail.com"), nullptr);
}

TEST_F(ConfigTest, RoutesTheConsoleToo) {
  EXPECT_OK(Load({"--routes.all.transports=console"}));
  EXPECT_THAT(ViolationsOf(Load({"--routes.all.transports=relay"})),
              Contains(testing::Field(&FieldViolation::description, HasSubstr("console"))));
}

TEST_F(ConfigTest, ReportsAllFaultsOfRoutesAtOnce) {
  const absl::Status status = Load(WithTransports(
      {"--routes.a.categories=payments", "--routes.a.recipient_domains=nowhere",
       "--routes.a.transports=pigeon", "--routes.b.categories=demo",
       "--routes.c.transports=relay=x", "--routes.d.transports=relay=1001",
       "--routes.e.transports=relay=-1", "--routes.f.transports=relay,mailgun,relay=2",
       "--routes.g.transports=relay=0"}));
  const auto violation = [](const char* field, const char* text) {
    return Contains(testing::AllOf(testing::Field(&FieldViolation::field, field),
                                   testing::Field(&FieldViolation::description, HasSubstr(text))));
  };
  const auto all = ViolationsOf(status);
  EXPECT_THAT(all, violation("routes.a.categories", "\"payments\" is not a category"));
  EXPECT_THAT(all, violation("routes.a.recipient_domains", "\"nowhere\""));
  EXPECT_THAT(all, violation("routes.a.transports", "they are mailgun, relay, sendgrid"));
  EXPECT_THAT(all, violation("routes.b.transports", "at least one"));
  EXPECT_THAT(all, violation("routes.c.transports", "\"relay=x\" must be a number"));
  EXPECT_THAT(all, violation("routes.d.transports", "from 0 to 1000"));
  EXPECT_THAT(all, violation("routes.e.transports", "from 0 to 1000"));
  EXPECT_THAT(all, violation("routes.f.transports", "\"relay\" twice"));
  EXPECT_THAT(all, violation("routes.g.transports", "above 0"));
  EXPECT_EQ(all.size(), 9u) << status;
}

TEST_F(ConfigTest, RefusesRoutesOfWhichNeitherIsMoreSpecific) {
  const absl::Status status = Load(
      WithTransports({"--routes.a.categories=payment", "--routes.a.transports=relay",
                      "--routes.b.categories=demo,payment", "--routes.b.transports=mailgun",
                      "--routes.c.recipient_domains=gmail.com", "--routes.c.transports=mailgun",
                      "--routes.d.transports=relay", "--routes.e.transports=mailgun"}));
  const auto conflict = [](const char* route, const char* other) {
    return testing::AllOf(testing::Field(&FieldViolation::field, route),
                          testing::Field(&FieldViolation::description, HasSubstr(other)));
  };
  EXPECT_THAT(ViolationsOf(status), testing::ElementsAre(conflict("routes.b", "routes.a"),
                                                         conflict("routes.e", "routes.d")));
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

TEST_F(ConfigTest, AcceptsTheKeysOfConnections) {
  ASSERT_OK(Load({"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1",
                  "--transports.relay.username=u", "--transports.relay.password_file=/secret",
                  "--transports.relay.auth_mechanism=login", "--transports.relay.pipelining=off",
                  "--transports.relay.tls_server_name=mx.example",
                  "--transports.relay.ehlo_name=[IPv6:2001:db8::1]"}));
  const TransportConfig& relay = config_.transports.at("relay");
  EXPECT_EQ(relay.auth_mechanism, smtp::AuthMechanism::kLogin);
  EXPECT_FALSE(relay.pipelining);
  EXPECT_EQ(relay.tls_server_name, "mx.example");
  EXPECT_OK(config_.ToTransports({}, clock_, {}));
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
