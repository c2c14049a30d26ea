#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/postgres/pool.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "tests/tool/tool_main.h"

// lmsmail-claim-probe: claims mail from dispatch's tables and records it as sent, without sending
// anything. Prints the time that each claim and each record took, as one line of JSON.
namespace lmsmail::bench {
namespace {

struct Options {
  std::string dsn;
  std::int32_t cycles = 100;
  std::int32_t batch = 500;

  void Declare(config::Schema& schema) {
    schema.String("dsn", &dsn, "The database with dispatch's schema.");
    schema.Int32("cycles", &cycles, "Maximum number of claims.", {1});
    schema.Int32("batch", &batch, "Mails per claim.", {1, 1000});
  }
};

struct Timings {
  std::vector<double> claim_ms;
  std::vector<double> flush_ms;
  std::size_t mails = 0;
};

std::vector<dispatch::Outcome> AllSent(const dispatch::Claim& claim) {
  std::vector<dispatch::Outcome> outcomes;
  for (const dispatch::ClaimedMail& claimed : claim.mails) {
    dispatch::Outcome outcome;
    outcome.id = claimed.mail.id;
    outcome.delivery_count = claimed.delivery_count;
    outcome.attempt = claimed.attempt + 1;
    outcome.transport = "probe";
    outcome.reply_code = 250;
    outcome.content_hash = std::string(32, '\x7f');
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

// Claims a batch and records it as sent. Returns false when no mail was due.
absl::StatusOr<bool> Cycle(dispatch::PgQueueStore& queue, int batch, Timings& timings) {
  LMSMAIL_ASSIGN_OR_RETURN(const dispatch::ClaimId id, queue.NextClaimId());
  const absl::Time start = absl::Now();
  LMSMAIL_ASSIGN_OR_RETURN(const dispatch::Claim claim,
                           queue.TakeDue(id, "probe", Lane::kBulk, batch, absl::Minutes(1)));
  const absl::Time claimed = absl::Now();
  if (claim.mails.empty()) return false;
  LMSMAIL_RETURN_IF_ERROR(queue.Flush(id, AllSent(claim), true).status());
  timings.claim_ms.push_back(absl::ToDoubleMilliseconds(claimed - start));
  timings.flush_ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - claimed));
  timings.mails += claim.mails.size();
  return true;
}

absl::Status Probe(const Options& options) {
  if (options.dsn.empty()) return absl::InvalidArgumentError("--dsn is required");
  postgres::PoolOptions pool_options{.dsn = options.dsn, .schema = "dispatch"};
  dispatch::PgQueueStore::Configure(pool_options);
  LMSMAIL_ASSIGN_OR_RETURN(const auto pool, postgres::Pool::Create(std::move(pool_options)));
  dispatch::PgQueueStore queue(*pool);
  Timings timings;
  for (int i = 0; i < options.cycles; ++i) {
    LMSMAIL_ASSIGN_OR_RETURN(const bool more, Cycle(queue, options.batch, timings));
    if (!more) break;
  }
  fmt::print(R"({{"mails":{},"claim_ms":[{:.3f}],"flush_ms":[{:.3f}]}})"
             "\n",
             timings.mails, fmt::join(timings.claim_ms, ","), fmt::join(timings.flush_ms, ","));
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  return lmsmail::ToolMain("claim-probe", argc, argv, lmsmail::bench::Probe);
}
