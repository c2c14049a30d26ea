#include "services/dispatch/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "services/dispatch/testing/config_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::Contains;
using testing::HasSubstr;

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

TEST_F(ConfigTest, MailThatLeavesThisMachineNeedsKeys) {
  has_keys_ = false;
  const std::vector<std::string> remote = {"--transports.relay.kind=smtp",
                                           "--transports.relay.host=mx.school.example"};
  const absl::Status refused = Load(remote);
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::AllOf(HasSubstr("keys_file"), HasSubstr("transports.relay"),
                                      HasSubstr("openssl rand -hex 32"))));
  config_ = {};
  EXPECT_OK(Load({"--transports.relay.kind=smtp", "--transports.relay.host=127.0.0.1"}));
  config_ = {};
  has_keys_ = true;
  EXPECT_OK(Load(remote));
}

TEST_F(ConfigTest, ProvidersNeedKeysToo) {
  has_keys_ = false;
  const TemporaryFolder folder;
  folder.Write("key", "SG.key");
  std::vector<std::string> flags = {
      "--transports.sendgrid.kind=sendgrid",
      "--transports.sendgrid.api_key_file=" + (folder.path() / "key").string()};
  EXPECT_THAT(Load(flags), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keys_file")));
  config_ = {};
  flags.emplace_back("--transports.sendgrid.base_url=http://127.0.0.1:8025");
  EXPECT_OK(Load(flags));
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
  flags.emplace_back("--default_transport=relay");
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

TEST_F(ConfigTest, RetainsContentForLessThanOutcomes) {
  ASSERT_OK(Load({"--retention.categories.payment.content=90d"}));
  const Retention retention = config_.retention.ToRetention();
  EXPECT_EQ(retention.outcomes, absl::Hours(24 * 400));
  EXPECT_EQ(retention.content.at(Category::kPayment), absl::Hours(24 * 90));
  EXPECT_EQ(retention.content.at(Category::kDemo), absl::Hours(24 * 30));
  EXPECT_EQ(retention.content.size(), kCategories.size());
}

TEST_F(ConfigTest, ReportsAllFaultsOfRetentionAtOnce) {
  EXPECT_THAT(Load({"--retention.outcomes=20d", "--retention.categories.payment.content=90d",
                    "--retention.categories.paiment.content=10d"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::AllOf(HasSubstr("retention.content"),
                                      HasSubstr("retention.categories.payment.content"),
                                      HasSubstr("\"paiment\" is not a category"))));
  EXPECT_THAT(Load({"--retention.content=6d"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at least 7d")));
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

}  // namespace
}  // namespace lmsmail::dispatch
