#include <cstdio>

#include "absl/time/clock.h"
#include "deploy/demo/demo_data.h"
#include "deploy/demo/scenarios.h"
#include "deploy/demo/suite.h"

#include "libs/status/status_macros.h"

// lmsmail-demo: waits until the services run, loads the demo data and plays the five scenarios
// through the public API.
namespace lmsmail::demo {
namespace {

absl::Status Run() {
  LMSMAIL_ASSIGN_OR_RETURN(Suite suite, Connect(Addresses(), absl::Seconds(60)));
  std::puts("Every service is SERVING.");
  LMSMAIL_RETURN_IF_ERROR(
      Call(*suite.templates,
           &templates::v1::TemplateService::StubInterface::InstallBuiltInTemplates,
           templates::v1::InstallBuiltInTemplatesRequest())
          .status());
  LMSMAIL_RETURN_IF_ERROR(LoadDemoData(suite, absl::Now()));
  std::puts(
      "Installed the templates and loaded a demo school: 20 students, 3 courses, last week's "
      "lessons.");
  LMSMAIL_RETURN_IF_ERROR(PlayScenarios(suite));
  LMSMAIL_RETURN_IF_ERROR(WaitUntilDelivered(suite, absl::Seconds(60)));
  std::puts("Played the five scenarios.");
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::demo

int main() {
  const absl::Status status = lmsmail::demo::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "lmsmail-demo: %s\n", status.ToString().c_str());
  return 1;
}
