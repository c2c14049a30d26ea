#include "libs/postgres/health.h"

#include <utility>

#include "libs/postgres/transaction.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {

absl::StatusOr<std::unique_ptr<HealthProbe>> HealthProbe::Create(const Pool& pool,
                                                                 absl::Duration timeout) {
  PoolOptions options;
  options.dsn = pool.options().dsn;
  options.size = 1;
  options.schema = pool.options().schema;
  options.application_name = pool.options().application_name + " health";
  options.statement_timeout = timeout;
  options.connect_timeout = timeout;
  options.checkout_timeout = timeout;
  LMSMAIL_ASSIGN_OR_RETURN(std::unique_ptr<Pool> own, Pool::Create(std::move(options)));
  return std::unique_ptr<HealthProbe>(new HealthProbe(std::move(own)));
}

HealthProbe::HealthProbe(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}

absl::Status HealthProbe::Check() {
  return RunInTransaction(*pool_, {.name = "health", .repeatable = true}, [](pqxx::work& tx) {
    // Also on for every transaction of a standby.
    const bool read_only =
        tx.exec1("SELECT current_setting('transaction_read_only')::bool")[0].as<bool>();
    if (!read_only) return absl::OkStatus();
    return absl::UnavailableError(
        "the database is read-only: it is a standby, or default_transaction_read_only is on");
  });
}

}  // namespace lmsmail::postgres
