#include "libs/service/database_metrics.h"

#include <string>

namespace lmsmail::service {

std::function<void(const postgres::TransactionEvent&)> ObserveTransactions(
    telemetry::Metrics& metrics) {
  return [transactions = metrics.AddCounter("lmsmail_postgres_transactions_total",
                                            "Transactions that ended, by name and status code."),
          duration = metrics.AddHistogram("lmsmail_postgres_transaction_seconds",
                                          "Duration of transactions, retries included."),
          retries = metrics.AddCounter("lmsmail_postgres_retries_total",
                                       "Attempts at transactions beyond the first.")](
             const postgres::TransactionEvent& event) {
    const std::string name(event.name);
    transactions.With({{"name", name}, {"code", absl::StatusCodeToString(event.code)}}).Increment();
    duration.With({{"name", name}}).Observe(absl::ToDoubleSeconds(event.elapsed));
    if (event.attempts > 1) retries.With({{"name", name}}).Increment(event.attempts - 1);
  };
}

}  // namespace lmsmail::service
