#pragma once

#include <functional>

#include "libs/postgres/pool.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::service {

// An observer for postgres::PoolOptions that counts
//   lmsmail_postgres_transactions_total{name,code}   transactions that ended
//   lmsmail_postgres_transaction_seconds{name}       their duration, retries included
//   lmsmail_postgres_retries_total{name}             attempts beyond the first
// `metrics` must outlive the pool.
std::function<void(const postgres::TransactionEvent&)> ObserveTransactions(
    telemetry::Metrics& metrics);

}  // namespace lmsmail::service
