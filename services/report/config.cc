#include "services/report/config.h"

#include "libs/cron/zone.h"

namespace lmsmail::report {

void ReportConfig::Declare(config::Schema& schema) {
  schema.String("dispatch.target", &dispatch_target, "Where DispatchService is, for weekly mail.");
  schema.String("template.target", &template_target, "Where TemplateService is, for previews.");
  schema.String("school.time_zone", &time_zone,
                "The IANA time zone of the school, whose weeks are reported.");
  schema.Check([this](Violations& violations) { Check(violations); });
}

void ReportConfig::Check(Violations& violations) const {
  if (dispatch_target.empty()) violations.Add("dispatch.target", "must not be empty");
  if (template_target.empty()) violations.Add("template.target", "must not be empty");
  if (!cron::LoadZone(time_zone).ok()) {
    violations.Add("school.time_zone",
                   "is no time zone of the IANA database, as Europe/Berlin is one");
  }
}

}  // namespace lmsmail::report
