#include "services/scheduler/config.h"

#include "libs/status/error_details.h"

namespace lmsmail::scheduler {

void SchedulerConfig::Declare(config::Schema& schema, const service::BaseConfig& base) {
  config::Group worker_keys = schema.Sub("worker");
  worker_keys.Int32("threads", &worker.threads,
                    "Number of threads that execute the tasks of events.", {1, 64});
  worker_keys.Duration("poll_interval", &worker.poll_interval,
                       "How often each worker polls for due work.",
                       {absl::Milliseconds(10), absl::Minutes(1)});
  worker_keys.Duration("lease", &worker.lease,
                       "How long a task stays claimed by a replica that has died.",
                       {absl::Seconds(5), absl::Hours(1)});
  config::Group retention_keys = schema.Sub("retention");
  retention_keys.Duration("content", &retention.content,
                          "How long the content of events is stored that have been processed.",
                          {absl::Hours(24 * 7), absl::Hours(24 * 3650)});
  retention_keys.Duration("outcomes", &retention.outcomes,
                          "How long it is stored what became of events. An event that is published "
                          "again within this time is recognized as a duplicate.",
                          {absl::Hours(24 * 30), absl::Hours(24 * 3650)});
  dispatch.Declare(schema.Sub("dispatch"));
  report.Declare(schema.Sub("report"));
  schema.Check([this, &base](Violations& violations) {
    if (retention.content > retention.outcomes) {
      violations.Add(
          "retention.content",
          "must not be longer than retention.outcomes, with which all of an event leaves");
    }
    dispatch.Check("dispatch", base.insecure, violations);
    report.Check("report", base.insecure, violations);
  });
}

}  // namespace lmsmail::scheduler
