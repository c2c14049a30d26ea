#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "deploy/demo/demo_data.h"
#include "deploy/demo/scenarios.h"
#include "deploy/demo/suite.h"

#include "libs/status/status_macros.h"

// Waits for a running suite, loads the demo school and plays the five scenarios through the public
// API.
namespace lmsmail::demo {
namespace {

absl::Status Run() {
  LMSMAIL_ASSIGN_OR_RETURN(Suite suite, Connect(Addresses(), absl::Seconds(60)));
  std::puts("Every service is SERVING.");
  LMSMAIL_RETURN_IF_ERROR(
      rpc::Call(*suite.templates,
                &templates::v1::TemplateService::StubInterface::InstallDefaultTemplates,
                templates::v1::InstallDefaultTemplatesRequest(), Soon())
          .status());
  LMSMAIL_RETURN_IF_ERROR(LoadDemoData(suite, absl::Now()));
  std::puts(
      "Templates installed; demo school loaded: 20 students, 3 courses, last week's lessons.");
  LMSMAIL_RETURN_IF_ERROR(PlayScenarios(suite));
  LMSMAIL_RETURN_IF_ERROR(WaitUntilDelivered(suite, absl::Seconds(60)));
  std::puts("The five scenarios were played.");
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::demo

int main() {
  const absl::Status status = lmsmail::demo::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "demo: %s\n", status.ToString().c_str());
  return 1;
}
