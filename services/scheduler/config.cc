#include "services/scheduler/config.h"

#include "libs/status/error_details.h"

namespace lmsmail::scheduler {

void SchedulerConfig::Declare(config::Schema& schema) {
  config::Group worker_keys = schema.Sub("worker");
  worker_keys.Int32("threads", &worker.threads, "How many events are worked on at the same time.",
                    {1, 64});
  worker_keys.Duration("poll_interval", &worker.poll_interval, "How often due work is looked for.",
                       {absl::Milliseconds(10), absl::Minutes(1)});
  worker_keys.Duration("lease", &worker.lease,
                       "How long an event's work stays with a replica that gives no sign of life.",
                       {absl::Seconds(5), absl::Hours(1)});
  schema.Duration("event_retention", &event_retention,
                  "How long events are kept, and recognized when they are published again.",
                  {absl::Hours(24 * 30)});
  dispatch.Declare(schema.Sub("dispatch"));
  report.Declare(schema.Sub("report"));
  schema.Check([this](Violations& violations) {
    dispatch.Check("dispatch", violations);
    report.Check("report", violations);
  });
}

}  // namespace lmsmail::scheduler
