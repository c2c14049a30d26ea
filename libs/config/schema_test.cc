#include "libs/config/schema.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

enum class Tls { kOff, kStartTls };

struct Transport {
  std::string kind = "smtp";
  int32_t connections = 4;
  std::string password;
};

struct ExampleConfig {
  HostPort listen{"0.0.0.0", 7103};
  std::string smtp_host = "localhost";
  int32_t smtp_port = 25;
  bool pipelining = true;
  bool verbose = false;
  double ratio = 0.5;
  absl::Duration timeout = absl::Seconds(10);
  int64_t max_size = 8 << 20;
  Tls tls = Tls::kOff;
  std::vector<std::string> domains;
  std::string password;
  std::string dsn;
  std::map<std::string, Transport> transports;
};

// Loads an ExampleConfig from sources written in the test.
class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    schema_.Address("listen", &config_.listen, "Where the server listens.");
    Group smtp = schema_.Sub("smtp");
    smtp.String("host", &config_.smtp_host, "The relay.");
    smtp.Int32("port", &config_.smtp_port, "Its port.", {1, 65535});
    smtp.Bool("pipelining", &config_.pipelining, "Whether to pipeline.");
    smtp.Enum("tls", &config_.tls, {{"off", Tls::kOff}, {"starttls", Tls::kStartTls}}, "TLS.");
    smtp.Secret("password", &config_.password, "The password.");
    schema_.Bool("verbose", &config_.verbose, "Whether to say more.");
    schema_.Double("ratio", &config_.ratio, "A share.", {0, 1});
    schema_.Duration("timeout", &config_.timeout, "How long to wait.");
    schema_.Bytes("max_size", &config_.max_size, "The largest mail.");
    schema_.StringList("domains", &config_.domains, "Domains.");
    schema_.String("postgres.dsn", &config_.dsn, "The database.");
    schema_.Section("transports", [this](const std::string& name, Group keys) {
      Transport& transport = config_.transports[name];
      keys.String("kind", &transport.kind, "Its kind.");
      keys.Int32("connections", &transport.connections, "How many.", {.min = 1});
      keys.Secret("password", &transport.password, "Its password.");
    });
  }

  absl::StatusOr<Outcome> Load(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"lmsmail-dispatch"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::vector<const char*> environment;
    for (const std::string& variable : environment_) environment.push_back(variable.c_str());
    environment.push_back(nullptr);
    return schema_.Load(static_cast<int>(argv.size()), argv.data(), environment.data(),
                        [this](const std::string& path) -> absl::StatusOr<std::string> {
                          const auto file = files_.find(path);
                          if (file != files_.end()) return file->second;
                          return absl::NotFoundError("can't read the file " + path);
                        });
  }

  absl::StatusOr<Outcome> LoadFile(const std::string& content) {
    files_["c.yaml"] = content;
    return Load({"--config", "c.yaml"});
  }

  // Field to description.
  static std::map<std::string, std::string> ErrorsOf(const absl::StatusOr<Outcome>& outcome) {
    std::map<std::string, std::string> errors;
    for (const FieldViolation& error : ViolationsOf(outcome.status())) {
      EXPECT_TRUE(errors.emplace(error.field, error.description).second) << error.field;
    }
    return errors;
  }

  ExampleConfig config_;
  Schema schema_{"dispatch", "1.2.3"};
  std::vector<std::string> environment_;
  std::map<std::string, std::string> files_;
};

TEST_F(SchemaTest, RefusesASecretFileThatOthersMayRead) {
  const TemporaryFolder folder;
  folder.Write("password", "hunter2");
  const std::filesystem::path path = folder.path() / "password";
  files_[path.string()] = "hunter2";
  ASSERT_OK(Load({"--smtp.password_file", path.string()}));
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  const std::string error =
      ErrorsOf(Load({"--smtp.password_file", path.string()}))["smtp.password_file"];
  EXPECT_THAT(error, AllOf(HasSubstr("0644"), HasSubstr("chmod go-rwx " + path.string()),
                           Not(HasSubstr("hunter2"))));
}

TEST_F(SchemaTest, KeepsDefaultsOfKeysThatNoSourceGives) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({}));
  EXPECT_TRUE(outcome.run);
  EXPECT_EQ(config_.smtp_host, "localhost");
  EXPECT_THAT(outcome.effective, Contains(Setting{"timeout", "10s", "default"}));
  EXPECT_THAT(outcome.effective, Contains(Setting{"max_size", "8MiB", "default"}));
}

TEST_F(SchemaTest, FlagOverridesEnvironmentOverridesFile) {
  files_["c.yaml"] = "smtp:\n  host: file\n  port: 1\nratio: 0.1\n";
  environment_ = {"LMSMAIL_DISPATCH_SMTP_HOST=environment", "LMSMAIL_DISPATCH_SMTP_PORT=2"};
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--config=c.yaml", "--smtp.host", "flag"}));
  EXPECT_EQ(config_.smtp_host, "flag");
  EXPECT_EQ(config_.smtp_port, 2);
  EXPECT_EQ(config_.ratio, 0.1);
  EXPECT_THAT(outcome.effective, Contains(Setting{"smtp.host", "flag", "flag --smtp.host"}));
  EXPECT_THAT(outcome.effective,
              Contains(Setting{"smtp.port", "2", "environment LMSMAIL_DISPATCH_SMTP_PORT"}));
  EXPECT_THAT(outcome.effective, Contains(Setting{"ratio", "0.1", "file c.yaml:4"}));
}

TEST_F(SchemaTest, ReadsEveryTypeFromTheFile) {
  ASSERT_OK(
      LoadFile("listen: \"[::1]:0\"\n"
               "smtp: {pipelining: false, tls: starttls}\n"
               "verbose: true\n"
               "timeout: 250ms\n"
               "max_size: 64KiB\n"
               "domains: [a.example, \"b,c\"]\n"));
  EXPECT_EQ(config_.listen, (HostPort{"::1", 0}));
  EXPECT_FALSE(config_.pipelining);
  EXPECT_EQ(config_.tls, Tls::kStartTls);
  EXPECT_TRUE(config_.verbose);
  EXPECT_EQ(config_.timeout, absl::Milliseconds(250));
  EXPECT_EQ(config_.max_size, 64 << 10);
  EXPECT_THAT(config_.domains, ElementsAre("a.example", "b,c"));
}

TEST_F(SchemaTest, ReadsListsAndBoolsFromFlags) {
  ASSERT_OK(Load({"--verbose", "--smtp.pipelining", "false", "--domains=a,b"}));
  EXPECT_TRUE(config_.verbose);
  EXPECT_FALSE(config_.pipelining);
  EXPECT_THAT(config_.domains, ElementsAre("a", "b"));
}

TEST_F(SchemaTest, ReportsAllErrorsAtOnceWithSourceAndRemedy) {
  files_["c.yaml"] = "smtp:\n  hots: x\ntimeout: 10\nlisten: [a]\nmax_size:\n";
  environment_ = {"LMSMAIL_DISPATCH_SMTP_PROT=2", "LMSMAIL_DISPATCH_SMTP_TLS=on"};
  const auto outcome =
      Load({"--config", "c.yaml", "--smtp.port=70000", "--domain=x", "--ratio=nan"});
  EXPECT_THAT(outcome, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      ErrorsOf(outcome),
      UnorderedElementsAre(
          Pair("smtp.hots", "file c.yaml:2: unknown; did you mean smtp.host?"),
          Pair("timeout", AllOf(HasSubstr("file c.yaml:3"), HasSubstr("250ms"))),
          Pair("listen", "file c.yaml:4: is a list; give one value"),
          Pair("max_size", AllOf(HasSubstr("file c.yaml:5"), HasSubstr("has no value"))),
          Pair("LMSMAIL_DISPATCH_SMTP_PROT", HasSubstr("did you mean LMSMAIL_DISPATCH_SMTP_PORT?")),
          Pair("smtp.tls", AllOf(HasSubstr("environment LMSMAIL_DISPATCH_SMTP_TLS"),
                                 HasSubstr("one of off, starttls"))),
          Pair("smtp.port", "flag --smtp.port: 70000 is too large; give at most 65535"),
          Pair("domain", "flag --domain: unknown; did you mean --domains?"),
          Pair("ratio", HasSubstr("too small"))));
}

TEST_F(SchemaTest, RefusesAKeyGivenTwiceInOneSource) {
  EXPECT_THAT(ErrorsOf(LoadFile("smtp: {host: a}\nsmtp.host: b\n")),
              ElementsAre(Pair("smtp.host", "file c.yaml:2: given twice; keep one")));
}

TEST_F(SchemaTest, RefusesAFlagWithoutItsValue) {
  EXPECT_THAT(ErrorsOf(Load({"--smtp.host", "--verbose"})),
              ElementsAre(Pair("smtp.host", HasSubstr("write --smtp.host=VALUE"))));
}

TEST_F(SchemaTest, AcceptsAnEmptyGroupInTheFile) { EXPECT_OK(LoadFile("smtp:\ntransports: {}\n")); }

TEST_F(SchemaTest, ReportsOnlyTheFileWhenItIsUnreadable) {
  schema_.Check([](Violations& errors) { errors.Add("listen", "not reported"); });
  EXPECT_THAT(ErrorsOf(Load({"--config", "none.yaml"})),
              ElementsAre(Pair("config", HasSubstr("none.yaml"))));
}

TEST_F(SchemaTest, ReadsSecretsFromFilesAndNeverShowsThem) {
  files_["/run/password"] = "hunter2\n";
  environment_ = {"LMSMAIL_DISPATCH_SMTP_PASSWORD_FILE=/run/password"};
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--check-config"}));
  EXPECT_EQ(config_.password, "hunter2");
  EXPECT_THAT(outcome.effective,
              Contains(Setting{"smtp.password_file", "<from /run/password>",
                               "environment LMSMAIL_DISPATCH_SMTP_PASSWORD_FILE"}));
  EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2")));
}

TEST_F(SchemaTest, RemovesOneNewlineFromTheEndOfASecret) {
  files_["/run/password"] = " two\nlines \n\n";
  ASSERT_OK(Load({"--smtp.password_file=/run/password"}));
  EXPECT_EQ(config_.password, " two\nlines \n");
}

TEST_F(SchemaTest, RefusesAnEmptySecretFile) {
  files_["/run/empty"] = "\n";
  EXPECT_THAT(ErrorsOf(Load({"--smtp.password_file=/run/empty"})),
              ElementsAre(Pair("smtp.password_file", HasSubstr("/run/empty is empty"))));
}

TEST_F(SchemaTest, RefusesAMissingSecretFile) {
  EXPECT_THAT(ErrorsOf(Load({"--smtp.password_file=/run/none"})),
              ElementsAre(Pair("smtp.password_file", HasSubstr("/run/none"))));
}

TEST_F(SchemaTest, RefusesAnInlineSecretWithoutEchoingIt) {
  environment_ = {"LMSMAIL_DISPATCH_SMTP_PASSWORD=hunter2"};
  const auto outcome = Load({"--smtp.password=hunter2"});
  EXPECT_THAT(ErrorsOf(outcome),
              UnorderedElementsAre(
                  Pair("smtp.password", HasSubstr("path of a file in --smtp.password_file")),
                  Pair("LMSMAIL_DISPATCH_SMTP_PASSWORD",
                       HasSubstr("a file in LMSMAIL_DISPATCH_SMTP_PASSWORD_FILE"))));
  EXPECT_THAT(outcome.status().ToString(), Not(HasSubstr("hunter2")));
}

TEST_F(SchemaTest, MasksPasswordsOfConnectionStrings) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--postgres.dsn=postgresql://u:p@db/lms"}));
  EXPECT_EQ(config_.dsn, "postgresql://u:p@db/lms");
  EXPECT_THAT(outcome.effective, Contains(Setting{"postgres.dsn", "postgresql://u:***@db/lms",
                                                  "flag --postgres.dsn"}));
}

TEST_F(SchemaTest, DeclaresASectionsKeysForEachName) {
  files_["c.yaml"] = "transports:\n  bulk: {kind: sendgrid}\n  console:\n";
  environment_ = {"LMSMAIL_DISPATCH_TRANSPORTS_BULK_CONNECTIONS=9"};
  ASSERT_OK_AND_ASSIGN(const Outcome outcome,
                       Load({"--config=c.yaml", "--transports.second-relay.connections=2"}));
  ASSERT_THAT(config_.transports,
              UnorderedElementsAre(Pair("bulk", testing::_), Pair("console", testing::_),
                                   Pair("second-relay", testing::_)));
  EXPECT_EQ(config_.transports["bulk"].kind, "sendgrid");
  EXPECT_EQ(config_.transports["bulk"].connections, 9);
  EXPECT_EQ(config_.transports["console"].kind, "smtp");
  EXPECT_EQ(config_.transports["second-relay"].connections, 2);
  EXPECT_THAT(outcome.effective,
              Contains(Setting{"transports.bulk.kind", "sendgrid", "file c.yaml:2"}));
}

TEST_F(SchemaTest, NamesTheWholeKeyInErrorsOfASection) {
  const auto outcome = LoadFile("transports: {bulk: {kid: x, connections: 0}, Bad: {kind: a}}\n");
  EXPECT_THAT(ErrorsOf(outcome),
              UnorderedElementsAre(
                  Pair("transports.bulk.kid", HasSubstr("did you mean transports.bulk.kind?")),
                  Pair("transports.bulk.connections", HasSubstr("at least 1")),
                  Pair("transports.Bad", HasSubstr("lower-case"))));
}

TEST_F(SchemaTest, RefusesANameOfASectionThatOnlyTheEnvironmentGives) {
  environment_ = {"LMSMAIL_DISPATCH_TRANSPORTS_NEW_KIND=smtp"};
  EXPECT_THAT(ErrorsOf(Load({})),
              ElementsAre(Pair("LMSMAIL_DISPATCH_TRANSPORTS_NEW_KIND", HasSubstr("unknown"))));
}

TEST_F(SchemaTest, ChecksSeeAllFieldsAndDoNotRepeatErrors) {
  schema_.Check([this](Violations& errors) {
    if (config_.smtp_host == "mx") errors.Add("smtp.host", "is not fully qualified");
    errors.Add("smtp.port", "not reported");
  });
  EXPECT_THAT(ErrorsOf(Load({"--smtp.host=mx", "--smtp.port=0"})),
              UnorderedElementsAre(Pair("smtp.host", "is not fully qualified"),
                                   Pair("smtp.port", HasSubstr("at least 1"))));
}

TEST_F(SchemaTest, HelpShowsEveryKeyDespiteErrors) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--help", "--nonsense"}));
  EXPECT_FALSE(outcome.run);
  EXPECT_THAT(outcome.output, HasSubstr("  --timeout (duration)\n      How long to wait.\n"
                                        "      LMSMAIL_DISPATCH_TIMEOUT, default 10s\n"));
  EXPECT_THAT(outcome.output, HasSubstr("--transports.<name>.kind (text)"));
  EXPECT_THAT(outcome.output, HasSubstr("--smtp.tls (off|starttls)"));
}

TEST_F(SchemaTest, SwitchIsAFlagOnly) {
  bool migrate = false;
  schema_.Switch("migrate", &migrate, "migrate and exit");
  ASSERT_OK(Load({"--migrate"}));
  EXPECT_TRUE(migrate);
}

TEST_F(SchemaTest, SwitchTakesNoValue) {
  bool migrate = false;
  schema_.Switch("migrate", &migrate, "migrate and exit");
  EXPECT_THAT(ErrorsOf(Load({"--migrate=yes"})),
              ElementsAre(Pair("migrate", HasSubstr("takes no value"))));
}

TEST_F(SchemaTest, PrintsTheVersion) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--version"}));
  EXPECT_FALSE(outcome.run);
  EXPECT_EQ(outcome.output, "lmsmail-dispatch 1.2.3\n");
}

TEST_F(SchemaTest, CheckConfigReportsErrors) {
  EXPECT_THAT(ErrorsOf(Load({"--check-config", "--smtp.port=x"})),
              ElementsAre(Pair("smtp.port", HasSubstr("whole number"))));
}

TEST_F(SchemaTest, CheckConfigPrintsTheConfigurationAndDoesNotRun) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Load({"--check-config"}));
  EXPECT_FALSE(outcome.run);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("is valid\n"), HasSubstr("timeout=10s  (default)")));
}

TEST(SchemaDeclarationTest, ReportsKeysThatShareAnEnvironmentVariable) {
  std::string a, b;
  Schema schema("dispatch", "1");
  schema.String("smtp.host_name", &a, "One.");
  schema.String("smtp.host.name", &b, "Another.");
  const char* const argv[] = {"x"};
  EXPECT_THAT(schema.Load(1, argv, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("shares its environment")));
}

TEST(ReadFileFromDiskTest, NamesThePathThatCannotBeRead) {
  EXPECT_THAT(Schema::ReadFileFromDisk("/nonexistent/x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/x: No such file")));
  EXPECT_THAT(Schema::ReadFileFromDisk("/"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/: Is a directory")));
}

}  // namespace
}  // namespace lmsmail::config
