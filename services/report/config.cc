#include "services/report/config.h"

#include <fmt/format.h>

#include "services/report/domain/weekly_report_run.h"

namespace lmsmail::report {

void ReportConfig::Declare(config::Schema& schema) {
  dispatch.Declare(schema.Sub("dispatch"));
  templates.Declare(schema.Sub("template"));
  schema.Check([this](Violations& violations) { Check(violations); });
}

void ReportConfig::Check(Violations& violations) const {
  dispatch.Check("dispatch", violations);
  templates.Check("template", violations);
  // The lease of a run is renewed only before a call.
  if (dispatch.timeout >= kRunLease) {
    violations.Add("dispatch.timeout", fmt::format("must be shorter than {}, the lease of a run",
                                                   absl::FormatDuration(kRunLease)));
  }
}

}  // namespace lmsmail::report
