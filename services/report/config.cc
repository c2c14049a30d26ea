#include "services/report/config.h"

#include <fmt/format.h>

#include "services/report/domain/weekly_report_run.h"

namespace lmsmail::report {

void ReportConfig::Declare(config::Schema& schema, const service::BaseConfig& base) {
  dispatch.Declare(schema.Sub("dispatch"));
  preference.Declare(schema.Sub("preference"));
  schema.Sub("erasure").Bool(
      "keep_facts", &erasure.keep_facts,
      "Whether activity and reports of an erased person stay, under a random id that leads to "
      "nobody, so that they are counted; otherwise they are deleted.");
  schema.Check([this, &base](Violations& violations) { Check(base.insecure, violations); });
}

void ReportConfig::Check(bool insecure, Violations& violations) const {
  dispatch.Check("dispatch", insecure, violations);
  preference.Check("preference", insecure, violations);
  // The lease of a run is renewed only before a call.
  if (dispatch.timeout >= kRunLease) {
    violations.Add("dispatch.timeout", fmt::format("must be shorter than {}, the lease of a run",
                                                   absl::FormatDuration(kRunLease)));
  }
}

}  // namespace lmsmail::report
