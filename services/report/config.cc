#include "services/report/config.h"

#include <fmt/format.h>

#include "services/report/domain/weekly_report_run.h"

namespace lmsmail::report {

void ReportConfig::Declare(config::Schema& schema, const service::BaseConfig& base) {
  dispatch.Declare(schema.Sub("dispatch"));
  schema.Check([this, &base](Violations& violations) { Check(base.insecure, violations); });
}

void ReportConfig::Check(bool insecure, Violations& violations) const {
  dispatch.Check("dispatch", insecure, violations);
  // The lease of a run is renewed only before a call.
  if (dispatch.timeout >= kRunLease) {
    violations.Add("dispatch.timeout", fmt::format("must be shorter than {}, the lease of a run",
                                                   absl::FormatDuration(kRunLease)));
  }
}

}  // namespace lmsmail::report
