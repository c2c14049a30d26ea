#include "libs/service/postgres_config.h"

#include <fmt/format.h>

#include <string_view>

#include "libs/postgres/dsn.h"

namespace lmsmail::service {
namespace {

void CheckDsn(std::string_view key, const std::string& dsn, bool insecure, Violations& violations) {
  if (insecure) return;
  if (const absl::Status verified = postgres::CheckServerIsVerified(dsn); !verified.ok()) {
    violations.Add(std::string(key),
                   fmt::format("{}, or set insecure: true", std::string(verified.message())));
  }
}

void CheckInlineDsn(const std::string& key, const std::string& dsn, Violations& violations) {
  if (!postgres::HoldsPassword(dsn)) return;
  violations.Add(key,
                 fmt::format("has a password, which other users can see in flags and the "
                             "environment: put the DSN into a file and give its path in {}_file",
                             key));
}

}  // namespace

void PostgresConfig::Declare(config::Group keys) {
  keys.String("dsn", &dsn, "DSN of the database, without a password.");
  keys.Secret("dsn", &dsn_file, "DSN of the database.");
  keys.String("migrator_dsn", &migrator_dsn,
              "DSN, without a password, of the role that owns the schema and migrates it; by "
              "default the service's own role does.");
  keys.Secret("migrator_dsn", &migrator_dsn_file, "The same with a password.");
  keys.Bool("migrate", &migrate,
            "Whether the service migrates its schema when it starts; otherwise it waits until "
            "--migrate has.");
  keys.Bool("pause_after_failover", &pause_after_failover,
            "Whether a failover of the database stops mail as a restore does, because an "
            "asynchronous standby may lack the last commits.");
  keys.Int32("pool_size", &pool_size, "Maximum number of connections.", {1, 1000});
  keys.Duration("probe_interval", &probe_interval,
                "How often the database and the peers are checked.",
                {absl::Milliseconds(10), absl::Minutes(1)});
}

void PostgresConfig::Check(Violations& violations, bool insecure) const {
  if (dsn.empty() == dsn_file.empty()) {
    violations.Add("postgres.dsn", "give either this or postgres.dsn_file");
  }
  if (!migrator_dsn.empty() && !migrator_dsn_file.empty()) {
    violations.Add("postgres.migrator_dsn", "give either this or postgres.migrator_dsn_file");
  }
  CheckInlineDsn("postgres.dsn", dsn, violations);
  CheckInlineDsn("postgres.migrator_dsn", migrator_dsn, violations);
  CheckDsn("postgres.dsn", dsn, insecure, violations);
  CheckDsn("postgres.dsn_file", dsn_file, insecure, violations);
  CheckDsn("postgres.migrator_dsn", migrator_dsn, insecure, violations);
  CheckDsn("postgres.migrator_dsn_file", migrator_dsn_file, insecure, violations);
}

}  // namespace lmsmail::service
