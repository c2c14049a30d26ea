#include "services/dispatch/delivery/flusher.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {

bool Flusher::FlushAll() {
  bool all = true;
  for (OpenClaims::Job& job : claims_.TakeJobs()) {
    const absl::Status status = Flush(job);
    if (!status.ok()) {
      all = false;
      log_.Log(telemetry::Level::kWarning, "outcomes could not be recorded; trying again",
               {{"claim", job.id}, {"outcomes", job.outcomes.size()}, {"error", status}});
      claims_.PutBack(std::move(job));
      continue;
    }
    journal_.Recorded(job.outcomes);
    if (job.last) journal_.ClaimEnded(job.id);
    metrics_.CountOutcomes(job.outcomes);
    const auto handed_over =
        std::count_if(job.outcomes.begin(), job.outcomes.end(),
                      [](const Outcome& outcome) { return !outcome.content_hash.empty(); });
    budget_.Release(static_cast<int>(handed_over));
    claims_.Finish(job);
  }
  metrics_.in_flight.Set(budget_.in_use());
  return all;
}

absl::Status Flusher::Flush(const OpenClaims::Job& job) {
  const absl::Time start = absl::Now();
  if (!job.outcomes.empty() || !job.give_back) {
    LMSMAIL_ASSIGN_OR_RETURN(const FlushResult result,
                             queue_.Flush(job.id, job.outcomes, job.last && !job.give_back));
    if (!result.live) {
      log_.Log(telemetry::Level::kWarning,
               "a lease ended before its outcomes were recorded; only mails sent were",
               {{"claim", job.id}, {"outcomes", job.outcomes.size()}});
    }
  }
  if (job.last && job.give_back) {
    LMSMAIL_ASSIGN_OR_RETURN([[maybe_unused]] const int released, queue_.Release(job.id));
  }
  metrics_.flush_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
