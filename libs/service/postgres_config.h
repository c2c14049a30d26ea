#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "libs/config/schema.h"

namespace lmsmail::service {

// The database of a service, and who migrates it.
struct PostgresConfig {
  std::string dsn;           // without a password
  std::string dsn_file;      // the content of that file; may have a password
  std::string migrator_dsn;  // the same for the role that owns the schema
  std::string migrator_dsn_file;
  bool migrate = true;  // false: the service waits until somebody else has migrated
  bool pause_after_failover = false;
  std::int32_t pool_size = 8;
  absl::Duration probe_interval = absl::Seconds(3);

  const std::string& Dsn() const { return dsn_file.empty() ? dsn : dsn_file; }
  // Empty when the service's own role migrates.
  const std::string& MigratorDsn() const {
    return migrator_dsn_file.empty() ? migrator_dsn : migrator_dsn_file;
  }

  void Declare(config::Group keys);
  // `insecure` allows servers off this machine that prove nothing.
  void Check(Violations& violations, bool insecure) const;
};

}  // namespace lmsmail::service
